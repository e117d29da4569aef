//! Signing in, and what strangers get for trying.

use super::*;

tests::on_both!(
    signing_in_tells_strangers_nothing,
    a_stranger_locks_himself_out_and_not_the_owner,
    guesses_from_everywhere_slow_new_places_only,
    unknown_numbers_are_locked_like_known_ones,
    a_one_time_code_must_be_changed,
);

async fn signing_in_tells_strangers_nothing(database: Database) {
    let county = county(&database).await;
    county.plant(WORKER, vec![]).await;
    let cases = [
        (WORKER, PASSWORD, "fine"),
        ("+86 139-0007-8411", PASSWORD, "fine"),
        (WORKER, "walks-at-dawn-8", "sign_in_failed"),
        (WORKER, "", "sign_in_failed"),
        ("13900078400", PASSWORD, "sign_in_failed"),
        ("no number", PASSWORD, "sign_in_failed"),
    ];
    for (phone, password, expected) in cases {
        let result = county.try_sign_in(phone, password, HOME, None, 0).await;
        assert_eq!(told(result), expected, "{phone}");
    }
    assert_eq!(county.audited("sign_in", "done").await, 2);
    assert_eq!(county.audited("sign_in", "failed").await, 4);
}

async fn a_stranger_locks_himself_out_and_not_the_owner(database: Database) {
    let county = county(&database).await;
    county.plant(WORKER, vec![]).await;
    for _ in 0..5 {
        let guess = county.try_sign_in(WORKER, "guess-guess-1", STRANGER, None, 0);
        assert_eq!(told(guess.await), "sign_in_failed");
    }
    // Locked now, with the right password too, and for longer after every further failure.
    let cases = [
        (STRANGER, PASSWORD, SECOND, "too_many"),
        (HOME, PASSWORD, SECOND, "fine"),
        (STRANGER, "guess-guess-2", 31 * SECOND, "sign_in_failed"),
        (STRANGER, PASSWORD, 70 * SECOND, "too_many"),
        (STRANGER, PASSWORD, 95 * SECOND, "fine"),
        (STRANGER, "guess-guess-3", 96 * SECOND, "sign_in_failed"),
    ];
    for (from, password, now, expected) in cases {
        let result = county.try_sign_in(WORKER, password, from, None, now).await;
        assert_eq!(told(result), expected, "{from} at {now}");
    }
}

async fn guesses_from_everywhere_slow_new_places_only(database: Database) {
    let county = county(&database).await;
    county.plant(WORKER, vec![]).await;
    county.sign_in(WORKER, None, 0).await;
    let mut now = 0;
    for n in 0..26 {
        let from = format!("192.0.2.{n}");
        now += 61 * SECOND;
        let guess = county.try_sign_in(WORKER, "guess-guess-4", &from, None, now);
        assert_eq!(told(guess.await), "sign_in_failed");
    }
    let cases = [
        (HOME, now + SECOND, "fine"),
        ("192.0.2.200", now + SECOND, "too_many"),
        ("192.0.2.200", now + 61 * SECOND, "fine"),
    ];
    for (from, now, expected) in cases {
        let result = county.try_sign_in(WORKER, PASSWORD, from, None, now).await;
        assert_eq!(told(result), expected, "{from} at {now}");
    }
}

async fn unknown_numbers_are_locked_like_known_ones(database: Database) {
    let county = county(&database).await;
    let worker = county.plant(WORKER, vec![]).await;
    county.plant(ADMIN, vec![role(Role::BureauAdmin)]).await;
    for phone in [WORKER, "13900078400"] {
        for _ in 0..5 {
            let guess = county.try_sign_in(phone, "guess-guess-1", HOME, None, 0);
            assert_eq!(told(guess.await), "sign_in_failed");
        }
        let result = county.try_sign_in(phone, PASSWORD, HOME, None, SECOND).await;
        assert_eq!(told(result), "too_many");
    }
    let admin = county.actor(ADMIN).await;
    accounts::unlock(&county.db, &county.keys, &admin, worker, at(SECOND))
        .await
        .unwrap();
    let result = county.try_sign_in(WORKER, PASSWORD, HOME, None, SECOND).await;
    assert_eq!(told(result), "fine");
}

async fn a_one_time_code_must_be_changed(database: Database) {
    let county = county(&database).await;
    county.plant(ADMIN, vec![role(Role::BureauAdmin)]).await;
    let admin = county.actor(ADMIN).await;
    let new = NewAccount {
        name: "梁少芳",
        phone: WORKER,
        home: None,
    };
    let (db, keys) = (&county.db, &county.keys);
    let made = accounts::create(db, keys, &admin, &new, at(0)).await.unwrap();
    let twice = accounts::create(db, keys, &admin, &new, at(0)).await;
    assert_eq!(told(twice), "phone_taken");
    let late = county
        .try_sign_in(WORKER, &made.code, HOME, None, 3 * DAY + 1)
        .await;
    assert_eq!(told(late), "code_expired");
    let signed = county
        .try_sign_in(WORKER, &made.code, HOME, None, MINUTE)
        .await
        .unwrap();
    assert!(signed.must_change);
    let worker = county.who(&signed.access, MINUTE).await.unwrap();
    assert_eq!(told(worker.ready()), "must_change_password");
    let cases = [
        ("wrong", PASSWORD, "password_wrong"),
        (made.code.as_str(), "short", "password_short"),
        (made.code.as_str(), "1234567890", "password_common"),
        (made.code.as_str(), made.code.as_str(), "password_same"),
        (made.code.as_str(), PASSWORD, "fine"),
        (made.code.as_str(), "walks-at-dusk-7", "password_wrong"),
    ];
    let from: IpAddr = HOME.parse().unwrap();
    for (current, wanted, expected) in cases {
        let changed = accounts::change_password(db, keys, &worker, current, wanted, from, at(2 * MINUTE));
        assert_eq!(told(changed.await), expected, "{wanted}");
    }
    let worker = county.who(&signed.access, 2 * MINUTE).await.unwrap();
    assert_eq!(told(worker.ready()), "fine");
    // Reset, disable and enable.
    let reset = accounts::reset(db, keys, &admin, made.account, at(3 * MINUTE)).await;
    let again = reset.unwrap().code;
    assert_eq!(
        told(county.who(&signed.access, 3 * MINUTE).await),
        "session_ended"
    );
    for (password, expected) in [(PASSWORD, "sign_in_failed"), (&again, "fine")] {
        let result = county.try_sign_in(WORKER, password, HOME, None, 4 * MINUTE).await;
        assert_eq!(told(result), expected);
    }
    accounts::disable(db, &admin, made.account, at(5 * MINUTE))
        .await
        .unwrap();
    let barred = county.try_sign_in(WORKER, &again, HOME, None, 6 * MINUTE).await;
    assert_eq!(told(barred), "account_disabled");
    accounts::enable(db, &admin, made.account, at(7 * MINUTE))
        .await
        .unwrap();
    let back = county.try_sign_in(WORKER, &again, HOME, None, 8 * MINUTE).await;
    assert_eq!(told(back), "fine");
    let own = accounts::disable(db, &admin, admin.account, at(0)).await;
    assert_eq!(told(own), "own_account");
    for action in [
        "create_account",
        "reset_account",
        "disable_account",
        "enable_account",
    ] {
        assert_eq!(county.audited(action, "done").await, 1, "{action}");
    }
}
