"""What is kept of a tick: sums become signals, signals stand in a ring, and a scraper sees them as a real plane would.

metering -> sums -> probes (percentiles: quantiles) -> history -> scraping (histograms) -> a window
"""
