//! An address that stays while what is behind it changes: between nodes and their database, as a virtual address or a
//! balancer stands there.

use std::net::SocketAddr;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// It ends with the value.
pub struct Relay {
    pub address: SocketAddr,
    behind: watch::Sender<Option<SocketAddr>>,
    accepting: JoinHandle<()>,
}

impl Relay {
    pub async fn to(behind: SocketAddr) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (behind, follow) = watch::channel(Some(behind));
        let accepting = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(carry(connection, follow.clone()));
            }
        });
        Relay {
            address,
            behind,
            accepting,
        }
    }

    /// Ends every connection, and carries new ones there; with nothing behind it they end at once.
    pub fn turn(&self, behind: Option<SocketAddr>) {
        self.behind.send(behind).unwrap();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(mut here: TcpStream, mut follow: watch::Receiver<Option<SocketAddr>>) {
    let Some(behind) = *follow.borrow_and_update() else {
        return;
    };
    let Ok(mut there) = TcpStream::connect(behind).await else {
        return;
    };
    // Small questions and answers must not wait for each other's acknowledgement.
    let _ = (here.set_nodelay(true), there.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut here, &mut there) => {}
        _ = follow.changed() => {}
    }
}
