"""IPv4 masks and subnets in their several notations."""
import re
from socket import inet_aton, inet_ntoa
from struct import pack, unpack

VALID_MASKS = [2 ** 8 - 2 ** i for i in range(0, 9)]


def is_netmask(val):
    parts = str(val).split('.')
    try:
        return len(parts) == 4 and all(int(part) in VALID_MASKS for part in parts)
    except ValueError:
        return False


def is_masklen(val):
    try:
        return 0 <= int(val) <= 32
    except ValueError:
        return False


def to_netmask(val):
    if not is_masklen(val):
        raise ValueError('invalid value for masklen')
    bits = 0xffffffff << (32 - int(val)) & 0xffffffff
    return inet_ntoa(pack('>I', bits))


def to_bits(val):
    return ''.join(bin(int(part)).split('b')[1] for part in val.split('.'))


def to_masklen(val):
    if not is_netmask(val):
        raise ValueError('invalid value for netmask: %s' % val)
    return sum(bin(int(part)).count('1') for part in val.split('.'))


def to_subnet(addr, mask, dotted_notation=False):
    if is_masklen(mask):
        length = int(mask)
    elif is_netmask(mask):
        length = to_masklen(mask)
    else:
        raise ValueError('invalid value for masklen')
    bits = unpack('>I', inet_aton(addr))[0] & unpack('>I', inet_aton(to_netmask(length)))[0]
    network = inet_ntoa(pack('>I', bits))
    return '%s %s' % (network, to_netmask(length)) if dotted_notation else '%s/%s' % (network, length)


def _ipv6_words(addr):
    found = addr.split('::')
    head = found[0].split(':') if found[0] else []
    tail = found[1].split(':') if len(found) > 1 and found[1] else []
    return head, tail, len(found) > 1


def _ipv6_network(addr, words):
    head, tail, _ = _ipv6_words(addr)
    head = head + ['0'] * (8 - len(head) - len(tail)) + tail
    kept = head[:words]
    while kept and kept[-1] in ('0', '0000'):
        kept.pop()
    return ':'.join(kept) + ('::' if len(kept) < 8 else '')


def to_ipv6_subnet(addr):
    return _ipv6_network(addr, 4)


def to_ipv6_network(addr):
    return _ipv6_network(addr, 3)


def is_mac(mac_address):
    return bool(re.match('[0-9a-f]{2}([-:])[0-9a-f]{2}(\\1[0-9a-f]{2}){4}$', mac_address.lower()))
