"""What container groups and pods share: containers as processes of their images."""
