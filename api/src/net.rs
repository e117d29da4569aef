//! Networks, and which address a request came from when trusted proxies stand in front.

use std::net::IpAddr;

/// An address range in CIDR notation; a plain address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    pub fn parse(text: &str) -> Option<Network> {
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base.parse().ok()?, bits.parse().ok()?),
            None => {
                let base: IpAddr = text.parse().ok()?;
                (base, width(base))
            }
        };
        (bits <= width(base)).then_some(Network { base, bits })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        width(address) == width(self.base) && prefix(address, self.bits) == prefix(self.base, self.bits)
    }
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The first `bits` bits, the rest zero.
fn prefix(address: IpAddr, bits: u8) -> u128 {
    let (value, width) = match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    let dropped = u32::from(width - bits);
    value.checked_shr(dropped).unwrap_or(0)
}

/// The client's address: the peer, or, where the peer is a trusted proxy, the last address of `X-Forwarded-For`
/// that no trusted proxy has. What stands before it anyone can have written.
pub fn client_address(peer: IpAddr, forwarded: &str, trusted: &[Network]) -> IpAddr {
    let is_proxy = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    for hop in forwarded.rsplit(',') {
        if !is_proxy(client) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

/// What is counted as one address: an IPv4 address, or the /64 that one IPv6 customer has to itself.
pub fn counted(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        v6 => format!("{:x}/64", prefix(v6, 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_the_last_address_that_no_proxy_has() {
        let trusted: Vec<Network> = ["10.0.0.0/8", "::1"]
            .iter()
            .filter_map(|t| Network::parse(t))
            .collect();
        for (peer, forwarded, expected) in [
            ("203.0.113.9", "", "203.0.113.9"),
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("10.1.2.3", "198.51.100.1", "198.51.100.1"),
            ("10.1.2.3", "1.1.1.1, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
            ("10.1.2.3", "nonsense", "10.1.2.3"),
            ("10.1.2.3", "", "10.1.2.3"),
            ("::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1"),
            ("::1", "2001:db8::5", "2001:db8::5"),
        ] {
            let client = client_address(peer.parse().unwrap(), forwarded, &trusted);
            assert_eq!(client.to_string(), expected, "{peer} {forwarded}");
        }
    }

    #[test]
    fn networks() {
        for (network, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::5", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
        ] {
            let network = Network::parse(network).unwrap();
            assert_eq!(
                network.contains(address.parse().unwrap()),
                expected,
                "{network:?} {address}"
            );
        }
        assert_eq!(Network::parse("10.0.0.0/33"), None);
        assert_eq!(
            counted("2001:db8::1:2".parse().unwrap()),
            counted("2001:db8::9:9".parse().unwrap())
        );
    }
}
