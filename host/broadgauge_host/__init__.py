"""What agent and server both do on the machine they run on: certificates, services, diagnosis."""
