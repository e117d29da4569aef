//! Lists, single reads, filters and counts.

use super::*;

tests::on_both!(a_department_knows_nothing_of_other_lists, filters_and_pages);

async fn a_department_knows_nothing_of_other_lists(database: Database) {
    let county = county(&database).await;
    let program = &county.program;
    let disabled = actor(Role::Department, &["disabled"], &[]);
    let of = |change: fn(&mut Filter)| {
        let mut filter = Filter::default();
        change(&mut filter);
        filter
    };
    for (filter, expected) in [
        (of(|_| {}), "梁** 欧阳** 李**"),
        (of(|f| f.category = Some("disabled".into())), "梁** 欧阳** 李**"),
        (of(|f| f.category = Some("low_income".into())), ""),
        (of(|f| f.category = Some("no_such".into())), ""),
        (of(|f| f.enrolment = Some("active".into())), "梁** 欧阳** 李**"),
        (of(|f| f.name = Some("冯国强".into())), ""),
        (of(|f| f.name = Some("欧阳泉洪".into())), "欧阳**"),
        (of(|f| f.id_number = Some(number(3))), ""),
        (of(|f| f.q = Some("fgq".into())), ""),
        (of(|f| f.q = Some("lsf".into())), "梁**"),
        // What the mask hides is not found either.
        (of(|f| f.q = Some("86号".into())), ""),
        (of(|f| f.state = Some("reported".into())), ""),
    ] {
        assert_eq!(names(program, &disabled, &filter).await, expected);
    }
    let both = residents::one(program, &disabled, county.people[1])
        .await
        .unwrap();
    let shown = Json::Object(both).to_string();
    for hidden in [
        "low_income",
        "低保",
        "845",
        "sources",
        "泉洪",
        "13900078412",
        "open",
    ] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
    for seen in [
        "disabled.grade",
        "二级",
        "139****8412",
        "欧阳**",
        "\"ethnicity\":\"汉\"",
    ] {
        assert!(shown.contains(seen), "{seen} in {shown}");
    }
    for (person, expected) in [(3, "not found"), (4, "not found"), (5, "not found"), (0, "seen")] {
        let one = residents::one(program, &disabled, county.people[person]).await;
        assert_eq!(told(one, |_| "seen".into()), expected);
    }
    let unknown = residents::one(program, &disabled, Uuid::now_v7()).await;
    assert_eq!(told(unknown, |_| "seen".into()), "not found");
    let history = residents::history(program, &disabled, county.people[0]).await;
    assert_eq!(told(history, |_| "seen".into()), "not found");
    let foreign = file(&county, &disabled, "low_income", Format::Csv).await;
    assert_eq!(told(foreign, |_| "seen".into()), "not found");
    let own = String::from_utf8(file(&county, &disabled, "disabled", Format::Csv).await.unwrap()).unwrap();
    assert_eq!(own.lines().count(), 4);
    for hidden in ["低保", "845", "泉洪", "13900078412", "何"] {
        assert!(!own.contains(hidden), "{hidden} in {own}");
    }
    tests::verify::agrees(&county.program).await;
}

async fn filters_and_pages(database: Database) {
    let county = county(&database).await;
    let program = &county.program;
    let admin = actor(Role::BureauAdmin, &[], &[]);
    let cadre = actor(Role::Cadre, &[], &county.villages[..1]);
    let of = |change: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::default();
        change(&mut filter);
        filter
    };
    let year = i32::from(program.clock.now().date().year());
    for (filter, of_county, of_village) in [
        (
            of(&|_| {}),
            "梁少芳 欧阳泉洪 李阿妹 冯国强 何润生 麦锦棠",
            "梁少芳 欧阳泉洪",
        ),
        (
            of(&|f| f.division = Some(county.villages[1])),
            "李阿妹 冯国强 何润生 麦锦棠",
            "",
        ),
        (
            of(&|f| f.category = Some("low_income".into())),
            "欧阳泉洪 冯国强",
            "欧阳泉洪",
        ),
        (of(&|f| f.state = Some("reported".into())), "何润生", ""),
        (
            of(&|f| f.age_from = Some(year - 1951)),
            "梁少芳 欧阳泉洪",
            "梁少芳 欧阳泉洪",
        ),
        (of(&|f| f.age_to = Some(year - 1954)), "何润生 麦锦棠", ""),
        (of(&|f| f.id_number = Some(number(1))), "欧阳泉洪", "欧阳泉洪"),
        (of(&|f| f.phone = Some("+86 139 0007 8414".into())), "冯国强", ""),
        (of(&|f| f.name = Some("歐陽泉洪".into())), "欧阳泉洪", "欧阳泉洪"),
        (of(&|f| f.q = Some("OYQ".into())), "欧阳泉洪", "欧阳泉洪"),
        (of(&|f| f.q = Some("坡山".into())), "冯国强 何润生 麦锦棠", ""),
        (of(&|f| f.q = Some("阿妹".into())), "李阿妹", ""),
        (
            of(&|f| f.q = Some(" ".into())),
            "empty_search q",
            "empty_search q",
        ),
        (
            of(&|f| f.id_number = Some("12".into())),
            "not_an_id_number id_number",
            "not_an_id_number id_number",
        ),
    ] {
        assert_eq!(names(program, &admin, &filter).await, of_county);
        assert_eq!(names(program, &cadre, &filter).await, of_village);
    }
    for q in [None, Some("1".to_owned())] {
        let filter = of(&|f| f.q = q.clone());
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = residents::list(program, &admin, &filter, after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(Uuid::try_parse(last["resident"].as_str().unwrap()).unwrap());
            seen.extend(page.iter().map(|l| l["resident"].as_str().unwrap().to_owned()));
        }
        let expected = if q.is_some() { 3 } else { 6 };
        assert_eq!(seen.len(), expected, "{seen:?}");
        assert!(seen.is_sorted());
    }
    let auditor = actor(Role::Auditor, &[], &[]);
    assert_eq!(
        names(program, &auditor, &Filter::default()).await,
        "role_required"
    );
    let foreign = residents::one(program, &cadre, county.people[3]).await;
    assert_eq!(told(foreign, |_| "seen".into()), "not found");
    tests::verify::agrees(&county.program).await;
}
