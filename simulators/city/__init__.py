"""A made-up city as data: scenarios, what their sensors measure, what breaks, and what is true."""
