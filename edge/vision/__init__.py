"""From a frame to tracks: motion gate, detectors, tracker."""
