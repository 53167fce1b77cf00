//! Simulators of the five vendors, for the demo and for tests.
//!
//! An estate knows what happens: people, vehicles, guests, sales. Five small HTTP servers tell of
//! it in the vendors' own wire formats, with their limits, delays and bad days, so that everything
//! from the sockets up is the code that runs in production.

pub mod bespot;
mod configuration;
pub mod credentials;
pub mod estate;
pub mod exchange;
pub mod faults;
mod limit;
pub mod mews;
pub mod navixy;
mod publication;
mod readout;
mod server;
pub mod smartnow;
mod tokens;
pub mod vendor;
pub mod viametrics;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::model::Timestamp;

use credentials::Credentials;
use estate::{Estate, places, wall};
use exchange::Speaker;
use faults::{Faults, Mix};
use server::Server;
use vendor::Vendor;

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Options {
    /// The same seed gives the same estate.
    pub seed: u64,
    /// The clock that estate and servers run on.
    pub clock: Clock,
    /// Number of stores, 1 to [`estate::MAX_STORES`].
    pub stores: usize,
    /// Whether things go wrong now and then by themselves.
    pub faults: bool,
    /// Where to listen. With port 0 every server takes a free port, else they take this one and
    /// the next four, in the order of [`Vendor::ALL`].
    pub listen: SocketAddr,
    /// Export interval and publish period of Viametrics: 15, 30 or 60 minutes.
    pub interval: Duration,
}

impl Options {
    /// Seed 1, eight stores, no faults, free ports on loopback, an hourly Viametrics.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            seed: 1,
            clock,
            stores: 8,
            faults: false,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            interval: Duration::from_secs(3600),
        }
    }

    /// Where a demo that starts at `now` should put its clock: to half past three in Athens on the
    /// same day. By then the day's charts are filled there and most stores of the world are open.
    #[must_use]
    pub fn demo_origin(now: Timestamp) -> Timestamp {
        let zone = places::home().zone;
        wall::instant(zone, now.with_timezone(&zone).date_naive(), 15 * 60 + 30)
    }
}

/// Simulators that are running. They end when this is dropped.
#[derive(Debug)]
pub struct Running {
    estate: Arc<Estate>,
    credentials: Credentials,
    faults: Faults,
    servers: BTreeMap<Vendor, Server>,
    interval: Duration,
}

/// Starts all simulators. It must be called within a runtime.
///
/// # Errors
/// When a port cannot be had.
pub async fn start(options: Options) -> io::Result<Running> {
    let estate = Arc::new(Estate::new(options.seed, options.stores));
    let credentials = Credentials::new(options.seed);
    let faults = if options.faults {
        Faults::mixed(Mix::new(&estate))
    } else {
        Faults::none()
    };
    let mut running = Running {
        estate,
        credentials,
        faults,
        servers: BTreeMap::new(),
        interval: options.interval,
    };
    for (position, vendor) in (0..).zip(Vendor::ALL) {
        let address = address(options.listen, position)?;
        let speaker = running.speaker(vendor);
        let server = Server::start(
            address,
            speaker,
            options.clock.clone(),
            running.faults.clone(),
        );
        running.servers.insert(vendor, server.await?);
    }
    Ok(running)
}

impl Running {
    /// A complete configuration for the program: accounts with addresses and secrets, stores with
    /// members, hours and capacities.
    #[must_use]
    pub fn config_toml(&self) -> String {
        configuration::toml(self)
    }

    /// The estate, to ask what is true.
    #[must_use]
    pub fn estate(&self) -> &Arc<Estate> {
        &self.estate
    }

    /// The faults in force.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The accounts.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The base address of a vendor; `None` once it was stopped.
    #[must_use]
    pub fn url(&self, vendor: Vendor) -> Option<String> {
        let address = reachable(self.servers.get(&vendor)?.address());
        Some(format!("http://{address}{}", vendor.prefix()))
    }

    /// Whether a vendor is reached over the network, which plain http needs leave for.
    fn is_remote(&self, vendor: Vendor) -> bool {
        let server = self.servers.get(&vendor);
        server.is_some_and(|server| !reachable(server.address()).ip().is_loopback())
    }

    /// Stops one vendor: its port closes, the others go on.
    pub fn stop(&mut self, vendor: Vendor) {
        // Dropping the server stops it.
        self.servers.remove(&vendor);
    }

    fn speaker(&self, vendor: Vendor) -> Arc<dyn Speaker> {
        let (estate, credentials) = (self.estate.clone(), self.credentials.clone());
        match vendor {
            Vendor::Bespot => Arc::new(bespot::Bespot::new(estate, credentials)),
            Vendor::Viametrics => {
                let interval_s = i64::try_from(self.interval.as_secs()).unwrap_or(3600);
                Arc::new(viametrics::Viametrics::new(estate, credentials, interval_s))
            }
            Vendor::Navixy => Arc::new(navixy::Navixy::new(estate, credentials)),
            Vendor::Mews => Arc::new(mews::Mews::new(estate, credentials)),
            Vendor::Smartnow => Arc::new(smartnow::Smartnow::new(estate, credentials)),
        }
    }
}

/// Where a client on this machine reaches a server: one that listens everywhere is at home too.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

fn address(listen: SocketAddr, position: u16) -> io::Result<SocketAddr> {
    let mut address = listen;
    if listen.port() != 0 {
        let port = listen.port().checked_add(position).ok_or_else(|| {
            let message = "five ports are needed from the given one on";
            io::Error::new(io::ErrorKind::InvalidInput, message)
        })?;
        address.set_port(port);
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_reached_at_home() {
        for (listening, reached) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("127.0.0.2:80", "127.0.0.2:80"),
            ("192.0.2.7:80", "192.0.2.7:80"),
        ] {
            let address = reachable(listening.parse().unwrap());
            assert_eq!(address.to_string(), reached);
        }
    }
}
