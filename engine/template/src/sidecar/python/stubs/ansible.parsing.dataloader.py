from ansible.kapell_surroundings import Loader as DataLoader
