"""Sources of frames: files, RTSP cameras and scripted pictures behind one port."""
