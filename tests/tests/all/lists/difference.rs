//! Two months of one list laid beside each other.

use super::{CHANGES, born, number};
use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, worker};
use tests::county::County;
use tests::database::Database;

tests::on_both!(two_months_are_laid_beside_each_other);

const NAMES: [&str; 6] = ["何一新", "何二喜", "何三妹", "何四海", "何五娣", "何六合"];

fn handed(county: &County, month: &'static str, rows: &[(usize, &str)]) -> Handed<'static> {
    let mut text = "姓名,身份证号,出生日期,联系电话,残疾类别,残疾等级,现住址\n".to_owned();
    for (n, grade) in rows {
        let number = if *n == 5 { String::new() } else { number(*n) };
        text.push_str(&format!(
            "{},{number},{},1390007100{n},肢体,{grade},沙坪街道良围村旧围村{}号\n",
            NAMES[*n],
            born(*n),
            n + 1
        ));
    }
    Handed::disabled(county, month, text)
}

async fn two_months_are_laid_beside_each_other(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    // The sixth has no number: nobody is linked, and the row is known by name and birth date.
    let october = [(0, "二级"), (1, "二级"), (2, "二级"), (5, "二级")];
    let november = [(1, "二级"), (2, "一级"), (3, "二级"), (4, "二级"), (5, "三级")];
    let first = clerk
        .hand_in(&handed(&county, "2026-10", &october), CHANGES)
        .await;
    assert_eq!(
        clerk
            .get(&format!("/api/v1/lists/{first}/difference"))
            .await
            .code(),
        "409 no_earlier_list"
    );
    let second = clerk
        .hand_in(&handed(&county, "2026-11", &november), CHANGES)
        .await;
    let of = async |query: &str| {
        let path = format!("/api/v1/lists/{second}/difference{query}");
        clerk.get(&path).await.ok()
    };
    let whole = of("").await;
    assert_eq!(
        (
            &whole["since"],
            &whole["joined"],
            &whole["left"],
            &whole["changed"]
        ),
        (&json!(first), &json!(2), &json!(1), &json!(2))
    );
    let said = |item: &Value| {
        let fields: Vec<String> = item["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| {
                format!(
                    " {}:{}→{}",
                    f["header"].as_str().unwrap(),
                    f["from"].as_str().unwrap(),
                    f["to"].as_str().unwrap()
                )
            })
            .collect();
        format!(
            "{} {}{}",
            item["name"].as_str().unwrap(),
            item["kind"].as_str().unwrap(),
            fields.concat()
        )
    };
    let all = |page: &Value| {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(said)
            .collect::<Vec<_>>()
    };
    let mut items = all(&whole);
    items.sort();
    let mut expected = [
        "何一新 left",
        "何三妹 changed 残疾等级:二级→一级",
        "何四海 joined",
        "何五娣 joined",
        "何六合 changed 残疾等级:二级→三级",
    ];
    expected.sort();
    assert_eq!(items, expected);

    // Page by page it is the same.
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = of(&format!("?since={first}&limit=2{after}")).await;
        paged.extend(all(&page));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    paged.sort();
    assert_eq!(paged, expected);

    // Only the own lists, and only such as can be compared.
    let other = county.console("民政").await;
    let path = format!("/api/v1/lists/{second}/difference");
    assert_eq!(other.get(&path).await.code(), "404 not_found");
    let path = format!("/api/v1/lists/{second}/difference?since={second}");
    assert_eq!(clerk.get(&path).await.code(), "422 not_comparable");

    // Rows are found by what is said of them.
    let rows = clerk
        .get(&format!(
            "/api/v1/lists/{second}/rows?verdict=changed&reason=残疾等级"
        ))
        .await
        .ok();
    let names: Vec<&Value> = rows["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["values"]["name"])
        .collect();
    assert_eq!(names, [&json!("何三妹")]);
    runner.stop().await;
}
