//! A line with the round trip of a mobile network, between a phone and the program.

use crate::Fault;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// It ends with the value.
pub struct SlowLine {
    /// What a phone connects to instead of the program.
    pub base: String,
    accepting: JoinHandle<()>,
}

impl SlowLine {
    /// A line to the program's base address; opening a connection takes a round trip too.
    pub async fn to(base: &str, round_trip: Duration) -> Result<SlowLine, Fault> {
        let program: SocketAddr = base.trim_start_matches("http://").parse()?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        let accepting = tokio::spawn(async move {
            while let Ok((phone, _)) = listener.accept().await {
                tokio::spawn(async move {
                    tokio::time::sleep(round_trip).await;
                    let Ok(program) = TcpStream::connect(program).await else {
                        return;
                    };
                    let _ = (phone.set_nodelay(true), program.set_nodelay(true));
                    let (from_phone, to_phone) = phone.into_split();
                    let (from_program, to_program) = program.into_split();
                    tokio::join!(
                        carry(from_phone, to_program, round_trip / 2),
                        carry(from_program, to_phone, round_trip / 2)
                    );
                });
            }
        });
        Ok(SlowLine { base, accepting })
    }
}

impl Drop for SlowLine {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Every piece arrives so much later than it was sent, however many are on their way.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin + Send + 'static,
    later: Duration,
) {
    let (send, mut on_the_way) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let arriving = tokio::spawn(async move {
        while let Some((at, piece)) = on_the_way.recv().await {
            tokio::time::sleep_until(at).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if send
            .send((Instant::now() + later, buffer[..read].to_vec()))
            .is_err()
        {
            break;
        }
    }
    drop(send);
    let _ = arriving.await;
}
