//! Sessions and devices: the stories accounts-1 and accounts-2, and what they leave open.

use super::*;
use api::app::devices;

tests::on_both!(
    a_lost_answer_and_an_old_token_after_signing_out,
    reuse_ends_the_family_and_tabs_do_not,
    an_app_installed_again_is_another_registration,
    own_sessions_are_ended_by_their_owner,
);

/// Story accounts-1.
async fn a_lost_answer_and_an_old_token_after_signing_out(database: Database) {
    let county = county(&database).await;
    county.plant(WORKER, vec![]).await;
    let phone = Some("phone-a-storage");
    let first = county.sign_in(WORKER, phone, 0).await;
    let r1 = first.refresh.as_str();
    let lost = county.refresh(r1, phone, MINUTE).await;
    let r2 = county.refresh(r1, phone, 9 * DAY).await;
    assert_eq!(lost, r2, "the answer that was lost is given again");
    let (db, keys, signing) = (&county.db, &county.keys, &county.signing);
    let again = sessions::refresh(db, keys, signing, r1, phone, at(9 * DAY)).await;
    let again = again.unwrap();
    assert_eq!(again.refresh, r2);
    let who = county.who(&again.access, 9 * DAY).await.unwrap();
    assert_eq!(who.session, first.session, "a working pair of the same family");
    let r3 = county.refresh(&r2, phone, 9 * DAY + MINUTE).await;
    assert_ne!(r3, r2);
    let worker = county.who(&first.access, 0).await.unwrap();
    sessions::sign_out(&county.db, &worker, at(9 * DAY + 2 * MINUTE))
        .await
        .unwrap();
    let late = 9 * DAY + 3 * MINUTE;
    let r10 = county.sign_in(WORKER, phone, late).await;
    assert_eq!(r10.device.unwrap().id, first.device.unwrap().id);
    assert_eq!(county.refresh(&r3, phone, late).await, "session_ended");
    assert_eq!(county.audited("refresh", "reused").await, 0);
    let copy = county.refresh(r1, phone, late + 2 * MINUTE).await;
    assert_eq!(copy, "session_ended");
    assert_eq!(county.audited("refresh", "reused").await, 1);
    assert_eq!(told(county.who(&first.access, late).await), "token_expired");
    assert_eq!(told(county.who(&first.access, 0).await), "session_ended");
    let on = county.who(&r10.access, late + 2 * MINUTE).await.unwrap();
    assert_eq!(on.session, r10.session, "the new session was not touched");
    let next = county.refresh(&r10.refresh, phone, late + 3 * MINUTE).await;
    assert!(next.contains(".2."), "the new session goes on: {next}");
}

async fn reuse_ends_the_family_and_tabs_do_not(database: Database) {
    let county = county(&database).await;
    county.plant(WORKER, vec![]).await;
    let signed = county.sign_in(WORKER, None, 0).await;
    let r1 = signed.refresh;
    let r2 = county.refresh(&r1, None, MINUTE).await;
    let r3 = county.refresh(&r2, None, 2 * MINUTE).await;
    // A second tab with R1, within a minute of the rotation that used R2.
    let seconds = |n: i64| 2 * MINUTE + n * SECOND;
    assert_eq!(county.refresh(&r1, None, seconds(50)).await, r2);
    assert_eq!(county.refresh(&r2, None, seconds(51)).await, r3);
    assert_eq!(county.refresh(&r1, None, seconds(61)).await, "session_ended");
    assert_eq!(county.refresh(&r3, None, seconds(61)).await, "session_ended");
    assert_eq!(told(county.who(&signed.access, 0).await), "session_ended");
    let idle = county.sign_in(WORKER, None, 0).await.refresh;
    let late = county.refresh(&idle, None, 180 * DAY + 1).await;
    assert_eq!(late, "session_ended");
    // Another installation has nothing to present this for.
    let bound = county.sign_in(WORKER, Some("phone-a-storage"), 0).await.refresh;
    let other = county.refresh(&bound, Some("phone-b-storage"), MINUTE).await;
    assert_eq!(other, "session_ended");
    for forged in ["", "x.1.y", "019a5f0c7d3b7a40b1c2d3e4f5a6b7c8.1.AAAA"] {
        assert_eq!(county.refresh(forged, None, 0).await, "token_invalid");
    }
}

/// Story accounts-2, as far as accounts go; sync plays its edits.
async fn an_app_installed_again_is_another_registration(database: Database) {
    let county = county(&database).await;
    let db = &county.db;
    let worker = county.plant(WORKER, vec![]).await;
    county.plant(ADMIN, vec![role(Role::BureauAdmin)]).await;
    let phone = Some("phone-a-storage");
    let lost = county.sign_in(WORKER, phone, 0).await.device.unwrap();
    // Not heard of yet: the secret may have been lost with the answer.
    let again = county.sign_in(WORKER, phone, MINUTE).await;
    let known = again.device.unwrap();
    let secret = known.secret.unwrap();
    assert_eq!(known.id, lost.id);
    assert_ne!(Some(&secret), lost.secret.as_ref());
    county.refresh(&again.refresh, phone, 2 * MINUTE).await;
    let third = county.sign_in(WORKER, phone, 3 * MINUTE).await;
    assert_eq!(third.device.unwrap().secret, None, "told no more");
    // The phone's storage was cleared, and it names itself anew.
    let new = county.sign_in(WORKER, Some("phone-a-storage-2"), DAY).await;
    let new = new.device.unwrap().id;
    assert_ne!(new, known.id);
    let admin = county.actor(ADMIN).await;
    let listed = devices::list(db, &admin, worker).await.unwrap();
    let states: Vec<_> = listed
        .iter()
        .map(|d| (d.id, d.state.as_str(), d.received))
        .collect();
    assert_eq!(states, [(known.id, "active", 0), (new, "active", 0)]);
    devices::end(db, &admin, known.id, at(2 * DAY)).await.unwrap();
    assert_eq!(told(county.who(&again.access, MINUTE).await), "session_ended");
    // The old one still hands in, with its secret only.
    let door = devices::hand_in(db, known.id, &secret).await.unwrap();
    assert_eq!((door.device, door.account), (known.id, worker));
    for (device, secret) in [
        (known.id, "wrong"),
        (new, secret.as_str()),
        (Uuid::nil(), secret.as_str()),
    ] {
        let door = devices::hand_in(db, device, secret).await;
        assert_eq!(told(door), "device_unknown");
    }
    // An ended registration is not taken up again.
    let back = county.sign_in(WORKER, phone, 3 * DAY).await;
    assert_ne!(back.device.unwrap().id, known.id);
}

async fn own_sessions_are_ended_by_their_owner(database: Database) {
    let county = county(&database).await;
    county.plant(WORKER, vec![]).await;
    county.plant(ADMIN, vec![]).await;
    let first = county.sign_in(WORKER, None, 0).await;
    let second = county.sign_in(WORKER, None, MINUTE).await;
    let foreign = county.sign_in(ADMIN, None, 0).await;
    let actor = county.who(&second.access, MINUTE).await.unwrap();
    let own = sessions::list(&county.db, &actor, at(MINUTE)).await.unwrap();
    let ids: Vec<_> = own.iter().map(|session| session.id).collect();
    assert_eq!(ids, [second.session, first.session]);
    for (session, expected) in [
        (first.session, "fine"),
        (first.session, "fine"),
        (foreign.session, "not_found"),
        (Uuid::nil(), "not_found"),
    ] {
        let ended = sessions::end(&county.db, &actor, session, at(2 * MINUTE)).await;
        assert_eq!(told(ended), expected);
    }
    assert_eq!(told(county.who(&first.access, MINUTE).await), "session_ended");
    assert_eq!(told(county.who(&foreign.access, MINUTE).await), "fine");
    assert_eq!(county.audited("end_session", "done").await, 1);
}
