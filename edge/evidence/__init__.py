"""Pictures of what was observed: chosen, made illegible, kept until they are uploaded."""
