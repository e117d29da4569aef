//! `GET /api/v1/sync/live`: the frames of a connection that says when a feed has moved.

use super::contract::Tag;
use super::error::{Answer, ApiError, Problem};
use crate::app::Error;
use crate::app::sync::live;
use crate::config::Config;
use crate::live::{Sitting, Timing};
use crate::program::Program;
use futures_util::{SinkExt, StreamExt};
use poem::Request;
use poem::http::header;
use poem::web::Data;
use poem::web::websocket::{
    BoxWebSocketUpgraded, CloseCode, Message, WebSocket, WebSocketConfig, WebSocketStream,
};
use poem_openapi::OpenApi;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

pub struct Listening;

/// Pages of which origins may connect, beside those of the server's own.
#[derive(Clone)]
pub struct Door(Arc<[String]>);

impl Door {
    pub fn new(config: &Config) -> Door {
        Door(Arc::from(config.cors.as_slice()))
    }

    /// Browsers name the page's origin, phones name none.
    fn opens(&self, request: &Request) -> bool {
        let headers = request.headers();
        let Some(origin) = headers.get(header::ORIGIN) else {
            return true;
        };
        let Ok(origin) = origin.to_str() else { return false };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let own = origin
            .split_once("://")
            .is_some_and(|(_, rest)| Some(rest) == host);
        own || self.0.iter().any(|known| known.eq_ignore_ascii_case(origin))
    }
}

/// The only thing that a client says: who it is, and how far it has read.
#[derive(Deserialize)]
struct Hello {
    token: String,
    cursor: Option<String>,
}

/// A cursor of a worker with many grids is the longest thing that is said here.
const MOST_BYTES: usize = 16 * 1024;
/// Frames that a client may send between two beats: answers to pings, and now and then a newer token.
const MOST_FRAMES: u32 = 20;

/// Why a connection ends, as a code of web sockets and a stable name.
struct Ending(u16, &'static str);

#[OpenApi(prefix_path = "/api/v1/sync", tag = "Tag::Sync")]
impl Listening {
    /// Hear when there is something to pull: a web socket that says no more than that
    ///
    /// The first message is `{"token": …, "cursor": …}`, within 10 seconds; the token never stands in the URL. The
    /// messages of the server are `{"kind": "ready"}` and `{"kind": "poke", "feeds": {id: number}}`. A newer token is
    /// sent as another message of the same form. See docs/sync.md.
    #[oai(path = "/live", method = "get", operation_id = "open_live")]
    async fn open_live(
        &self,
        program: Data<&Program>,
        door: Data<&Door>,
        request: &Request,
        socket: poem::Result<WebSocket>,
    ) -> Answer<BoxWebSocketUpgraded> {
        let socket = socket.map_err(|_| {
            ApiError::BadRequest(Problem::new("websocket_needed", "此地址只接受 WebSocket 连接"))
        })?;
        if !door.opens(request) {
            let problem = Problem::new("origin_not_allowed", "不接受来自该网页的连接");
            return Err(ApiError::Forbidden(problem));
        }
        let program = program.clone();
        let Ok(place) = program.live.arrive() else {
            let problem = Problem::new("too_many", "连接过多，请稍后再试");
            return Err(ApiError::TooMany(problem, 10));
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(4096)
            .max_message_size(Some(MOST_BYTES))
            .max_frame_size(Some(MOST_BYTES));
        let talk = async move |mut socket: WebSocketStream| {
            let timing = program.live.timing();
            let greeted = timeout(timing.hello, hello(&program, &mut socket)).await;
            drop(place);
            let ending = match greeted {
                Ok(Ok((token, sitting))) => {
                    let ending = talk(&program, &mut socket, token, &sitting, timing).await;
                    drop(sitting);
                    ending
                }
                Ok(Err(ending)) => ending,
                Err(_) => Some(Ending(4408, "hello_expected")),
            };
            if let Some(Ending(code, why)) = ending {
                let close = Message::Close(Some((CloseCode::from(code), why.to_owned())));
                let _ = timeout(timing.send, socket.send(close)).await;
                // The other side closes in turn; what it still says is nobody's business.
                let _ = timeout(timing.send, async {
                    while let Some(Ok(_)) = socket.next().await {}
                })
                .await;
            }
        };
        Ok(socket.config(config).on_upgrade(talk).boxed())
    }
}

/// Waits until the client has said who it is.
async fn hello(program: &Program, socket: &mut WebSocketStream) -> Result<(String, Sitting), Option<Ending>> {
    for _ in 0..MOST_FRAMES {
        let Some(text) = heard(socket.next().await)? else {
            continue;
        };
        let hello = read(&text)?;
        let sitting = live::join(program, &hello.token, hello.cursor.as_deref()).await;
        return Ok((hello.token, sitting.map_err(ending)?));
    }
    Err(Some(Ending(1008, "too_many_frames")))
}

/// Talks until one of both ends it; nothing to say when the client has gone.
async fn talk(
    program: &Program,
    socket: &mut WebSocketStream,
    mut token: String,
    sitting: &Sitting,
    timing: Timing,
) -> Option<Ending> {
    if let Err(ending) = say(
        socket,
        timing,
        Message::text(json!({ "kind": "ready" }).to_string()),
    )
    .await
    {
        return ending;
    }
    let mut beat = interval_at(Instant::now() + timing.beat, timing.beat);
    let mut check = interval_at(Instant::now() + timing.check, timing.check);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut silent, mut frames) = (0, 0);
    loop {
        let done = tokio::select! {
            frame = socket.next() => {
                (silent, frames) = (0, frames + 1);
                match heard(frame) {
                    Err(ending) => Err(ending),
                    Ok(_) if frames > MOST_FRAMES => Err(Some(Ending(1008, "too_many_frames"))),
                    Ok(None) => Ok(()),
                    Ok(Some(text)) => renew(program, &text, &mut token, sitting).await,
                }
            }
            () = sitting.rung() => poke(socket, timing, sitting).await,
            _ = beat.tick() => {
                (silent, frames) = (silent + 1, 0);
                match silent > 2 {
                    true => Err(Some(Ending(4408, "silent"))),
                    false => say(socket, timing, Message::Ping(Vec::new())).await,
                }
            }
            _ = check.tick() => live::look_again(program, &token, sitting).await.map_err(ending),
            () = sitting.replaced() => Err(Some(Ending(4409, "replaced"))),
            () = program.live.closed() => Err(Some(Ending(1001, "stopping"))),
        };
        if let Err(ending) = done {
            return ending;
        }
    }
}

async fn renew(
    program: &Program,
    text: &str,
    token: &mut String,
    sitting: &Sitting,
) -> Result<(), Option<Ending>> {
    let newer = read(text)?.token;
    live::look_again(program, &newer, sitting).await.map_err(ending)?;
    *token = newer;
    Ok(())
}

async fn poke(socket: &mut WebSocketStream, timing: Timing, sitting: &Sitting) -> Result<(), Option<Ending>> {
    let feeds = sitting.take();
    if feeds.is_empty() {
        return Ok(());
    }
    let poke = json!({ "kind": "poke", "feeds": feeds });
    say(socket, timing, Message::text(poke.to_string())).await
}

/// Says something, as long as the client takes it: nothing is kept for one that does not.
async fn say(socket: &mut WebSocketStream, timing: Timing, message: Message) -> Result<(), Option<Ending>> {
    match timeout(timing.send, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(None),
        Err(_) => Err(Some(Ending(4408, "too_slow"))),
    }
}

/// A text, or nothing where the frame needs no answer of ours.
fn heard(frame: Option<std::io::Result<Message>>) -> Result<Option<String>, Option<Ending>> {
    match frame {
        Some(Ok(Message::Text(text))) => Ok(Some(text)),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Binary(_))) => Err(Some(Ending(1003, "text_expected"))),
        Some(Ok(Message::Close(_))) | None => Err(None),
        // Too long, not masked, not UTF-8, or no frame at all; a broken line hears nothing any more.
        Some(Err(_)) => Err(Some(Ending(1002, "frame_refused"))),
    }
}

fn read(text: &str) -> Result<Hello, Option<Ending>> {
    serde_json::from_str(text).map_err(|_| Some(Ending(4400, "malformed")))
}

fn ending(error: Error) -> Option<Ending> {
    Some(match error {
        Error::Unauthorized { code, .. } => Ending(4401, code),
        Error::Forbidden { code, .. } => Ending(4403, code),
        Error::OverQuota { code, .. } => Ending(4429, code),
        error => {
            tracing::warn!(%error, "a live connection cannot be looked after");
            Ending(1013, "try_again")
        }
    })
}
