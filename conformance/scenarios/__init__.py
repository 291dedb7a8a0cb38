"""What is sent: requests by topic. Each is sent once and judged by every requirement that it concerns."""
