"""The ten tasks, one file each: from what is true of a scene to a question with one true option."""
