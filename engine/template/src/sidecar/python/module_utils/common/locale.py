"""The locale whose messages can be parsed."""


def get_best_parsable_locale(module, preferences=None, raise_on_locale=False):
    wanted = preferences or ['C.utf8', 'C.UTF-8', 'en_US.utf8', 'C', 'POSIX']
    program = module.get_bin_path('locale')
    if not program:
        if raise_on_locale:
            raise RuntimeWarning("Could not find 'locale' tool")
        return 'C'
    rc, out, err = module.run_command([program, '-a'])
    if rc != 0:
        if raise_on_locale:
            raise RuntimeWarning("Unable to get locale information, rc=%s: %s" % (rc, err))
        return 'C'
    available = out.strip().splitlines()
    return next((name for name in wanted if name in available), 'C')
