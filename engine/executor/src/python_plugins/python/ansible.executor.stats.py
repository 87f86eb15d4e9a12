from ansible.kapell_callbacks import Stats as AggregateStats
