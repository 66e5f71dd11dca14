"""One file a dataset: each reads the layout as its dataset publishes it, and downloads nothing."""
