//! A phone's web socket: what the server says on it, as tests read it.

use crate::client::Client;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything takes that a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Listener {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What came of asking for a socket that was not given: the status.
pub type Refused = u16;

impl Listener {
    /// Connects without a word. `origin` is the page's, where a browser asks.
    pub async fn connect(client: &Client, origin: Option<&str>) -> Result<Listener, Refused> {
        let url = format!("{}/api/v1/sync/live", client.base().replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Listener { socket }),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    /// Connects, says who it is and how far it has read, and waits until it is known.
    pub async fn open(client: &Client, cursor: Option<&str>) -> Listener {
        let mut listener = Listener::connect(client, None).await.unwrap();
        listener
            .say(&json!({ "token": client.token(), "cursor": cursor }).to_string())
            .await;
        assert_eq!(listener.hears().await, json!({ "kind": "ready" }));
        listener
    }

    pub async fn say(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// Sends a message that may come too late: the other side is free to have closed.
    pub async fn send(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    /// Writes bytes that need not be a frame.
    pub async fn write(&mut self, bytes: &[u8]) {
        let MaybeTlsStream::Plain(stream) = self.socket.get_mut() else {
            panic!("tests do not encrypt");
        };
        let _ = stream.write_all(bytes).await;
    }

    /// The next message.
    #[track_caller]
    pub fn hears(&mut self) -> impl Future<Output = Value> {
        let at = std::panic::Location::caller();
        async move {
            match tokio::time::timeout(PATIENCE, self.next()).await {
                Ok(Ok(text)) => serde_json::from_str(&text).unwrap(),
                other => panic!("{at}: {other:?}"),
            }
        }
    }

    /// How the server ended the connection: code and reason.
    #[track_caller]
    pub fn ended(&mut self) -> impl Future<Output = (u16, String)> {
        let at = std::panic::Location::caller();
        async move {
            loop {
                match tokio::time::timeout(PATIENCE, self.next()).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(end)) => return end,
                    Err(_) => panic!("{at}: nothing ended it"),
                }
            }
        }
    }

    /// Takes in all that is said until nothing more is.
    pub async fn listens(&mut self) {
        while let Ok(said) = tokio::time::timeout(Duration::from_millis(400), self.next()).await {
            said.expect("the connection stays");
        }
    }

    /// Nothing was said within a time that is long for who has something to say.
    pub async fn hears_nothing(&mut self) {
        let said = tokio::time::timeout(Duration::from_millis(400), self.next()).await;
        assert!(said.is_err(), "{said:?}");
    }

    async fn next(&mut self) -> Result<String, (u16, String)> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(frame))) => {
                    let frame = frame.expect("the server says why");
                    return Err((frame.code.into(), frame.reason.to_string()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err((0, error.to_string())),
                None => return Err((0, "cut off".into())),
            }
        }
    }
}
