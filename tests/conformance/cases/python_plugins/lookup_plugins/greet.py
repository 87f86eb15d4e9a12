from __future__ import annotations

DOCUMENTATION = """
name: greet
short_description: greets
options:
  _terms:
    description: whom
    required: true
  greeting:
    description: how
    type: str
    default: hello
    vars:
      - name: greet_greeting
    env:
      - name: GREET_GREETING
    ini:
      - section: greet
        key: greeting
  times:
    description: how often
    type: int
    default: 1
  marks:
    description: at the end
    type: list
    elements: str
    default: ['!']
"""

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

display = Display()


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        display.vvvv('greeting')
        if 'nobody' in terms:
            raise AnsibleLookupError('nobody is not there')
        how = self.get_option('greeting')
        marks = ''.join(self.get_option('marks'))
        return ['%s %s%s' % (how, term, marks) for term in terms for _i in range(self.get_option('times'))]
