//! Registrations of phones: signed in, ended by the bureau, and what becomes of them when a backup is restored.

use super::check::Law;
use super::run::{WORKERS, World};
use std::collections::BTreeSet;
use tests::client::Client;
use tests::county::County;
use tests::phone::Phone;
use uuid::Uuid;

/// A registration as its phone knows it.
pub struct Registered {
    worker: usize,
    installation: String,
    id: String,
    secret: String,
}

impl Registered {
    /// A worker signs in on an empty phone.
    pub async fn new(county: &County, worker: usize) -> (Phone, Registered) {
        let installation = Uuid::now_v7().simple().to_string();
        let mut registered = Registered {
            worker,
            installation,
            id: String::new(),
            secret: String::new(),
        };
        let client = registered.sign_in(county).await;
        let phone = Phone::new(client, county.program.catalogue.version.into());
        let full = WORKERS[worker].2;
        (if full { phone.with_documents() } else { phone }, registered)
    }

    /// On the same phone; where its registration has ended or is unknown it gets a new one.
    async fn sign_in(&mut self, county: &County) -> Client {
        let (worker, _, _) = WORKERS[self.worker];
        let signed_in = county.sign_in(worker, Some(&self.installation)).await;
        let device = &signed_in["device"];
        self.id = device["id"].as_str().unwrap().to_owned();
        // It is told until the device has been heard of.
        if let Some(secret) = device["secret"].as_str() {
            self.secret = secret.to_owned();
        }
        county
            .client
            .with_token(signed_in["access_token"].as_str().unwrap())
    }

    /// Opens when token, account or grant has ended.
    pub fn door(&self, county: &County) -> Client {
        county.client.with_device(&self.id, &self.secret)
    }
}

impl World {
    /// All phones, those whose registration has ended included.
    pub fn everybody(&self) -> impl Iterator<Item = &Phone> {
        self.phones
            .iter()
            .chain(self.retired.iter().map(|(phone, _)| phone))
    }

    /// The bureau ends a registration; its worker goes on with another phone.
    pub async fn retires(&mut self, n: usize) {
        self.ends_registration(&self.registered[n].id).await;
        self.is_replaced(n).await;
    }

    pub async fn is_replaced(&mut self, n: usize) {
        let (mut phone, mut registered) = Registered::new(&self.county, self.registered[n].worker).await;
        std::mem::swap(&mut phone, &mut self.phones[n]);
        std::mem::swap(&mut registered, &mut self.registered[n]);
        self.retired.push((phone, registered));
    }

    pub async fn ends_registration(&self, id: &str) {
        let path = format!("/api/v1/devices/{id}/end");
        self.bureau.admin.send("POST", &path, None).await.ok();
    }

    pub fn registration(&self, n: usize) -> String {
        self.registered[n].id.clone()
    }

    /// Registrations that a backup of now has in it.
    pub fn known(&self) -> BTreeSet<String> {
        let all = self
            .registered
            .iter()
            .chain(self.retired.iter().map(|(_, known)| known));
        all.map(|registered| registered.id.clone()).collect()
    }

    /// Phones of whom the restored database knows nothing sign in anew; what was ended is ended again.
    pub async fn signs_in_again(&mut self, known: &BTreeSet<String>) {
        for n in 0..self.phones.len() {
            if !known.contains(&self.registered[n].id) {
                let client = self.registered[n].sign_in(&self.county).await;
                self.phones[n].signed_in(client);
            }
        }
        for n in 0..self.retired.len() {
            if !known.contains(&self.retired[n].1.id) {
                let client = self.retired[n].1.sign_in(&self.county).await;
                self.retired[n].0.signed_in(client);
            }
            self.ends_registration(&self.retired[n].1.id).await;
        }
    }

    /// Who may do nothing else any more hands in.
    pub async fn hand_in(&mut self) {
        let mut read = false;
        for (phone, registered) in &mut self.retired {
            phone.came();
            phone.hand_in(&registered.door(&self.county)).await;
            read |= !phone.came().is_empty();
        }
        if read {
            self.breaks(Law::Scope, "an ended phone read".into());
        }
        for n in 0..self.phones.len() {
            if self.places.rights[n].is_empty() {
                self.hands_in_all(n).await;
            }
        }
    }

    pub async fn hands_in_all(&mut self, n: usize) {
        let door = self.registered[n].door(&self.county);
        self.phones[n].hand_in(&door).await;
    }
}
