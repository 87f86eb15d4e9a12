"""Addresses and masks in their usual notations."""
import re
import socket
import struct

VALID_MASKS = [2 ** 8 - 2 ** bits for bits in range(9)]


def is_netmask(val):
    parts = str(val).split('.')
    if len(parts) != 4:
        return False
    try:
        return all(int(part) in VALID_MASKS for part in parts)
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
    return socket.inet_ntoa(struct.pack('>I', 2 ** 32 - 2 ** (32 - int(val))))


def to_bits(val):
    return ''.join(bin(int(part))[2:].rstrip('0') for part in val.split('.'))


def to_masklen(val):
    if not is_netmask(val):
        raise ValueError('invalid value for netmask: %s' % val)
    return len(to_bits(val))


def to_subnet(addr, mask, dotted_notation=False):
    bits = int(mask) if is_masklen(mask) else to_masklen(mask)
    address = struct.unpack('>I', socket.inet_aton(addr))[0]
    network = socket.inet_ntoa(struct.pack('>I', address & (2 ** 32 - 2 ** (32 - bits))))
    return '%s %s' % (network, to_netmask(bits)) if dotted_notation else '%s/%s' % (network, bits)


def is_mac(mac_address):
    return bool(re.match(r'[0-9a-f]{2}([-:])[0-9a-f]{2}(\1[0-9a-f]{2}){4}$', mac_address.lower()))
