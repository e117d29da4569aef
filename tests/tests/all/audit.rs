//! The audit trail: what leaves a row in it, and how an auditor reads it.

use serde_json::{Value, json};
use tests::console::Console;
use tests::county::{County, PASSWORD};
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(
    what_people_do_leaves_rows,
    an_auditor_filters_and_pages,
    nobody_else_reads_it
);

const NUMBER: &str = "440784195106184849";

async fn trail(auditor: &Console, filter: &str) -> Vec<Value> {
    let page = auditor
        .get(&format!("/api/v1/audit?limit=200{filter}"))
        .await
        .ok();
    page["items"].as_array().unwrap().clone()
}

/// `action outcome` of each row, oldest first.
async fn told(auditor: &Console, filter: &str) -> Vec<String> {
    let mut rows = trail(auditor, filter).await;
    rows.reverse();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| format!("{} {}", text(row, "action"), text(row, "outcome")))
        .collect()
}

async fn what_people_do_leaves_rows(database: Database) {
    let county = County::start(database).await;
    let resident = county
        .a_resident("黎阿妹")
        .number(NUMBER)
        .phone("13900078441")
        .made()
        .await;
    let auditor = county.console("审计员").await;
    let of = async |name: &str| format!("&account={}", county.account(name).await);

    // Signing in, and failing to.
    let cadre = county.console("陆桂英").await;
    let wrong = json!({ "phone": "13900070201", "password": "不是这个密码-12" });
    let answer = county.client.post("/api/v1/sign-in", &wrong).await;
    assert_eq!(answer.code(), "401 sign_in_failed");
    let unknown = json!({ "phone": "13900079999", "password": PASSWORD });
    county.client.post("/api/v1/sign-in", &unknown).await;
    assert_eq!(
        told(&auditor, &of("陆桂英").await).await,
        ["sign_in done", "sign_in failed"]
    );
    let failed = trail(&auditor, "&action=sign_in").await;
    assert!(
        failed[0].get("account").is_none(),
        "nobody is known by that number"
    );

    // Reading and searching.
    let before = told(&auditor, &of("陆桂英").await).await.len();
    cadre.get(&format!("/api/v1/residents/{resident}")).await.ok();
    cadre
        .get(&format!("/api/v1/residents/{resident}/history"))
        .await
        .ok();
    cadre.get(&format!("/api/v1/residents?q={NUMBER}")).await.ok();
    cadre.get("/api/v1/residents?q=13900078441").await.ok();
    let wanted = json!({ "category": "disabled", "format": "csv", "purpose": "季度核对" });
    assert_eq!(cadre.post("/api/v1/rosters/export", &wanted).await.status, 200);
    let rows = told(&auditor, &of("陆桂英").await).await.split_off(before);
    assert_eq!(
        rows,
        [
            "read_resident done",
            "read_history done",
            "search_residents done",
            "search_residents done",
            "export_roster done"
        ]
    );
    let export = &trail(&auditor, "&action=export_roster").await[0];
    let detail = export["detail"].as_str().unwrap();
    assert!(
        detail.contains("purpose=季度核对") && detail.contains("planned=0"),
        "{detail}"
    );
    assert!(export["request"].is_string(), "{export}");

    // A pull that sends, an edit, its decision.
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    phone.edit(resident).report("moved_out").done();
    phone.sync().await;
    let item = cadre.item(resident, "departure").await;
    cadre
        .decide(&item, "reject", json!({ "reason": "仍在村中居住" }))
        .await
        .ok();
    let decided = &trail(&auditor, &format!("&action=decide&subject={resident}")).await[0];
    let detail = decided["detail"].as_str().unwrap();
    assert!(detail.contains("reason=departure choice=reject"), "{detail}");
    assert!(
        told(&auditor, &of("梁少芳").await)
            .await
            .contains(&"pull done".to_owned())
    );

    // A list.
    let department = county.console("残联").await;
    let csv = format!("姓名,身份证号码,残疾类别,残疾等级\n黎阿妹,{NUMBER},肢体,三级\n");
    let division = county.place("鹤山市").to_string();
    let parts = [
        ("source", "残联"),
        ("kind", "disabled"),
        ("month", "2026-11"),
        ("division", division.as_str()),
        ("name", "list.csv"),
    ];
    let query: Vec<String> = parts.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let path = format!("/api/v1/lists?{}", query.join("&"));
    let sent = department
        .send_bytes(
            "POST",
            &path,
            Some(("application/octet-stream", csv.into_bytes())),
        )
        .await
        .ok();
    let list = sent["id"].as_str().unwrap();
    department
        .post(&format!("/api/v1/lists/{list}/commit"), &json!({}))
        .await
        .ok();
    assert_eq!(
        told(&auditor, &format!("&subject={list}")).await,
        ["upload_list done", "commit_list done"]
    );

    // Accounts.
    let admin = county.console("区划管理员").await;
    let new = json!({ "name": "关小明", "phone": "13900070999" });
    let account = admin.post("/api/v1/accounts", &new).await.ok()["account"].clone();
    let account = account.as_str().unwrap();
    let path = format!("/api/v1/accounts/{account}");
    let grant = json!({ "role": "cadre", "division": county.place("仙溪村") });
    admin.post(&format!("{path}/grants"), &grant).await.ok();
    for step in ["disable", "enable", "unlock", "reset"] {
        let answer = admin.send("POST", &format!("{path}/{step}"), None).await;
        assert!(answer.status < 300, "{step}: {}", answer.text());
    }
    let rows = told(&auditor, &of("区划管理员").await).await;
    assert_eq!(
        rows[1..],
        [
            "create_account done",
            "give_grant done",
            "disable_account done",
            "enable_account done",
            "unlock_account done",
            "reset_account done"
        ]
    );
    let change = json!({ "current_password": PASSWORD, "new_password": "新屋村口的老榕树-34" });
    assert_eq!(cadre.post("/api/v1/password", &change).await.status, 204);
    assert_eq!(
        told(
            &auditor,
            &format!("&action=change_password{}", of("陆桂英").await)
        )
        .await,
        ["change_password done"]
    );

    // Nothing of anybody is in it.
    let whole = serde_json::to_string(&trail(&auditor, "").await).unwrap();
    for personal in [
        "黎阿妹",
        NUMBER,
        "13900078441",
        "13900079999",
        "关小明",
        "13900070999",
        "仍在村中",
    ] {
        assert!(!whole.contains(personal), "{personal}: {whole}");
    }
    tests::verify(&county).await;
}

async fn an_auditor_filters_and_pages(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("温好彩").made().await;
    let other = county.a_resident("陆润生").made().await;
    let cadre = county.console("陆桂英").await;
    for _ in 0..60 {
        cadre.get(&format!("/api/v1/residents/{resident}")).await.ok();
    }
    county.program.clock.advance(60 * 1000);
    let cut = county.program.clock.now();
    cadre.get(&format!("/api/v1/residents/{other}")).await.ok();
    let auditor = county.console("审计员").await;

    // Pages of the default size, newest first, whatever is written meanwhile.
    let filter = format!("action=read_resident&account={}", county.account("陆桂英").await);
    let mut seen: Vec<i64> = Vec::new();
    let mut after = String::new();
    let mut sizes = Vec::new();
    loop {
        let page = auditor.get(&format!("/api/v1/audit?{filter}{after}")).await.ok();
        let items = page["items"].as_array().unwrap();
        sizes.push(items.len());
        seen.extend(items.iter().map(|row| row["id"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
        cadre.get(&format!("/api/v1/residents/{other}")).await.ok();
    }
    assert_eq!(sizes, [50, 11]);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, none twice");

    let subjects = async |filter: &str| {
        let rows = trail(&auditor, filter).await;
        rows.iter()
            .map(|row| row["subject"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let later = subjects(&format!("&action=read_resident&since={cut}")).await;
    assert!(
        later.len() == 2 && later.iter().all(|s| *s == other.to_string()),
        "{later:?}"
    );
    assert_eq!(
        subjects(&format!("&action=read_resident&until={cut}"))
            .await
            .len(),
        60
    );
    assert_eq!(subjects(&format!("&subject={other}")).await.len(), 2);
    assert_eq!(
        trail(&auditor, &format!("&account={}", Uuid::now_v7())).await,
        [] as [Value; 0]
    );

    for (query, expected) in [
        ("limit=0", "400 invalid_parameter"),
        ("limit=201", "400 invalid_parameter"),
        ("after=x", "400 invalid_parameter"),
        ("since=yesterday", "400 invalid_parameter"),
        ("action=黎阿妹", "422 action_malformed"),
    ] {
        let answer = auditor.get(&format!("/api/v1/audit?{query}")).await;
        assert_eq!(answer.code(), expected, "{query}");
    }

    // Reading it is in it, with what was looked for.
    let own = format!("&action=read_audit&account={}", county.account("审计员").await);
    let rows = trail(&auditor, &own).await;
    let details: Vec<&str> = rows.iter().filter_map(|row| row["detail"].as_str()).collect();
    assert!(
        details.contains(&format!("{} since={cut}", "action=read_resident").as_str()),
        "{details:?}"
    );
    assert!(
        details.contains(&format!("subject={other}").as_str()),
        "{details:?}"
    );
    let counts: Vec<i64> = rows.iter().filter_map(|row| row["count"].as_i64()).collect();
    assert!(
        counts.contains(&50) && counts.contains(&11) && counts.contains(&60),
        "{counts:?}"
    );
}

async fn nobody_else_reads_it(database: Database) {
    let county = County::start(database).await;
    for name in ["梁少芳", "陆桂英", "谭志成", "残联", "区划管理员"] {
        let answer = county.console(name).await.get("/api/v1/audit").await;
        assert_eq!(answer.code(), "403 role_required", "{name}");
    }
    assert_eq!(county.client.get("/api/v1/audit").await.status, 401);
}
