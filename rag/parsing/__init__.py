"""From a file to text with anchors, in a child process that may be killed."""
