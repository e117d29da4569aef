//! A phone whose token, account or grant has ended hands in what it holds, and reads nothing.

use serde_json::{Value, json};
use tests::client::Client;
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use tests::phone::Phone;
use uuid::Uuid;

on_both!(an_ended_phone_hands_in, the_catalogue_says_its_limits);

async fn an_ended_phone_hands_in(database: Database) {
    let county = County::start(database).await;
    let admin = county.console("区划管理员").await;
    let cadre = county.console("陆桂英").await;
    for ending in ["device", "account", "grant"] {
        let resident = county.a_resident("黎阿妹").phone("13900078411").made().await;
        let worker = "梁少芳";
        let signed_in = county
            .sign_in(worker, Some(&Uuid::now_v7().simple().to_string()))
            .await;
        let token = signed_in["access_token"].as_str().unwrap().to_owned();
        let mut phone = Phone::new(
            county.client.with_token(&token),
            county.program.catalogue.version.into(),
        );
        phone.sync().await;
        let edit = phone.edit(resident).set("phone", "13900078412").done();

        let account = county.account(worker).await;
        let grants = admin.get(&format!("/api/v1/accounts/{account}")).await.ok()["grants"].clone();
        let grant = grants.as_array().unwrap().last().unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let (method, path) = match ending {
            "device" => (
                "POST",
                format!(
                    "/api/v1/devices/{}/end",
                    device(&signed_in)["id"].as_str().unwrap()
                ),
            ),
            "account" => ("POST", format!("/api/v1/accounts/{account}/disable")),
            _ => ("DELETE", format!("/api/v1/grants/{grant}")),
        };
        let ended = admin.send(method, &path, None).await;
        assert!(ended.status < 300, "{ending}: {}", ended.text());
        let body = json!({ "catalogue": 1, "edits": [phone.made(edit).body] });
        let refused = county.client.with_token(&token).post("/api/v1/sync", &body).await;
        assert!(
            [401, 403].contains(&refused.status),
            "{ending}: {}",
            refused.text()
        );

        // The device's secret still opens one door, as often as it is needed.
        let door = door(&county.client, &signed_in);
        for repeat in [false, true] {
            let answer = door.post("/api/v1/sync", &body).await.ok();
            assert_eq!(answer["receipts"][0]["outcome"], "held", "{ending}");
            assert_eq!(answer["receipts"][0]["repeat"] == true, repeat, "{ending}");
            let kinds: Vec<&Value> = answer["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|i| &i["kind"])
                .collect();
            assert_eq!(kinds, ["drop_everything"], "{ending}: nothing else is readable");
        }
        for path in ["/api/v1/me", "/api/v1/catalogue", "/api/v1/inbox"] {
            assert_eq!(door.get(path).await.status, 401, "{ending}: {path}");
        }
        // What was handed in is before a person, in the village that has the resident.
        let items = cadre.get("/api/v1/inbox?reason=held_edit").await.ok();
        let raw = |item: &Value| {
            item["content"]["raw"]
                .as_str()
                .unwrap_or_default()
                .contains(&edit.to_string())
        };
        assert!(
            items["items"].as_array().unwrap().iter().any(raw),
            "{ending}: {items}"
        );

        if ending == "account" {
            admin
                .send("POST", &format!("/api/v1/accounts/{account}/enable"), None)
                .await;
        }
    }
}

/// The device's part of a sign-in's answer.
fn device(signed_in: &Value) -> &Value {
    &signed_in["device"]
}

fn door(client: &Client, signed_in: &Value) -> Client {
    let device = device(signed_in);
    client.with_device(device["id"].as_str().unwrap(), device["secret"].as_str().unwrap())
}

async fn the_catalogue_says_its_limits(database: Database) {
    let county = County::start(database).await;
    let cadre = county.console("陆桂英").await;
    let catalogue = cadre.get("/api/v1/catalogue").await.ok();
    assert_eq!(catalogue["version"], county.program.catalogue.version);
    for limit in ["edits", "edit_bytes", "request_bytes", "note_characters", "items"] {
        assert!(
            catalogue["limits"][limit].as_u64().is_some(),
            "{limit}: {}",
            catalogue["limits"]
        );
    }
    let fields = catalogue["fields"].as_array().unwrap();
    for key in [
        "name",
        "sex",
        "birth_date",
        "id_number",
        "ethnicity",
        "registration_kind",
        "phone",
        "phone_other",
        "guardian_name",
        "guardian_phone",
        "address",
        "registered_address",
        "household_number",
        "relation_to_head",
        "living_arrangement",
        "self_care",
        "caretaker_name",
        "needs",
        "remarks",
        "life_status",
        "disabled.certificate_number",
        "disabled.grade",
        "low_income.amount",
    ] {
        assert!(
            fields.iter().any(|field| field["key"] == key),
            "{key}: {:?}",
            fields
                .iter()
                .map(|f| f["key"].as_str().unwrap())
                .collect::<Vec<_>>()
        );
    }
    let categories = catalogue["categories"].as_array().unwrap();
    for key in [
        "disabled",
        "low_income",
        "low_income_edge",
        "destitute",
        "old_age_allowance",
    ] {
        assert!(categories.iter().any(|category| category["key"] == key), "{key}");
    }
}
