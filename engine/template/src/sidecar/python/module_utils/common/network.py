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
    return ''.join(bin(int(part))[2:].zfill(8) for part in val.split('.'))


def to_masklen(val):
    if not is_netmask(val):
        raise ValueError('invalid value for netmask: %s' % val)
    return sum(bin(int(part)).count('1') for part in val.split('.'))


def to_subnet(addr, mask, dotted_notation=False):
    netmask = to_netmask(mask) if is_masklen(mask) else mask
    length = to_masklen(netmask)
    bits = unpack('>I', inet_aton(addr))[0] & unpack('>I', inet_aton(netmask))[0]
    network = inet_ntoa(pack('>I', bits))
    return '%s %s' % (network, to_netmask(length)) if dotted_notation else '%s/%s' % (network, length)


def _ipv6_network(addr, words):
    written = addr.split(':')[:words]
    return ':'.join(written[:written.index('')] if '' in written else written) + '::'


def to_ipv6_subnet(addr):
    return _ipv6_network(addr, 4)


def to_ipv6_network(addr):
    return _ipv6_network(addr, 3)


def is_mac(mac_address):
    return bool(re.match('[0-9a-f]{2}([-:])[0-9a-f]{2}(\\1[0-9a-f]{2}){4}$', mac_address.lower()))
