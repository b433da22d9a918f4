"""What a batch costs beside a loop of pandas and scikit-learn, and beside the build before."""
