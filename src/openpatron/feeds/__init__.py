"""Records that come in: sources, the formats of their feeds, and the run of a feed as a job."""
