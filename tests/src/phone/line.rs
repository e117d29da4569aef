//! What goes over the line: requests, what becomes of them on a bad one, and the door that stays open at the end.

use super::{EDITS_A_REQUEST, Loss, Made, Phone, ROUNDS, Trouble};
use crate::client::{Answer, Client};
use serde_json::Value;

impl Phone {
    pub(super) async fn send_by(&mut self, door: &Client, sent: &[Made]) -> Option<Value> {
        let request = self.request(sent);
        let loss = if self.losses.is_empty() {
            None
        } else {
            Some(self.losses.remove(0))
        };
        if loss == Some(Loss::Request) {
            return None;
        }
        let answer = door.post("/api/v1/sync", &request).await;
        // Its grant or registration ended at the same moment.
        let turned_away = self.crowded && matches!(answer.status, 401 | 403);
        if loss == Some(Loss::Answer) || turned_away {
            return None;
        }
        let answer = answer.ok();
        self.take_in(&request, sent, &answer);
        Some(answer)
    }

    /// At the hand-in door: gives away all that waits, forgets everybody, and says that it did. `door` has the device's
    /// secret.
    pub async fn hand_in(&mut self, door: &Client) {
        for _ in 0..ROUNDS {
            let sent: Vec<Made> = self.unsent.iter().take(EDITS_A_REQUEST).cloned().collect();
            let heard = self.send_by(door, &sent).await.is_some();
            if heard && self.unsent.is_empty() {
                let mut done = self.request(&[]);
                done["dropped_everything"] = true.into();
                door.post("/api/v1/sync", &done).await.ok();
                return;
            }
        }
        panic!("never handed in: {:?}", self.unsent());
    }

    /// As [`Phone::exchange`] with a program that may not be there, or may not be able to work: then the phone has
    /// learned nothing, and sends the same again. Says which of the two it was.
    pub async fn exchange_into_the_dark(&mut self) -> Result<Value, Trouble> {
        let sent: Vec<Made> = self.unsent.iter().take(EDITS_A_REQUEST).cloned().collect();
        let request = self.request(&sent);
        let answer = self.client.post_into_the_dark("/api/v1/sync", &request).await;
        let answer = answer.ok_or(Trouble::Unreachable)?;
        if answer.status >= 500 {
            return Err(Trouble::Unable);
        }
        let answer = answer.ok();
        self.take_in(&request, &sent, &answer);
        Ok(answer)
    }

    /// What it would send now, for a line that delivers it when nobody waits for the answer any more.
    pub fn as_sent(&self) -> Value {
        self.request(&self.unsent)
    }

    /// Sends a request of the test's own; the phone learns nothing from the answer.
    pub async fn send_raw(&self, request: &Value) -> Answer {
        self.client.post("/api/v1/sync", request).await
    }

    /// The same as text, for bodies that no JSON writer would make.
    pub async fn send_text(&self, request: &str) -> Answer {
        let body = ("application/json", request.as_bytes().to_vec());
        self.client.send_bytes("POST", "/api/v1/sync", Some(body)).await
    }
}
