//! The shared lists, each from upload to committed.

use crate::Fault;
use crate::county::ADMIN;
use crate::figure::Figure;
use crate::lists::{Shared, county, hand_in};
use crate::phone::sign_in;
use crate::server::Server;

pub async fn shared(server: &Server, lists: &[&Shared]) -> Result<Vec<Figure>, Fault> {
    let admin = sign_in(&server.client, ADMIN, None).await?;
    let county = county(&admin).await?;
    let (mut all, mut total) = (Vec::new(), 0.0);
    for list in lists {
        let (upload, commit) = hand_in(&admin, &county, list).await?;
        total += upload + commit;
        let name = list.kind.name();
        let label = list.kind.label();
        all.push(Figure::new(
            &format!("lists.{name}.upload"),
            &format!("{label}: upload and reading"),
            upload,
            "ms",
        ));
        all.push(Figure::new(
            &format!("lists.{name}.commit"),
            &format!("{label}: commit"),
            commit,
            "ms",
        ));
    }
    all.push(
        Figure::new(
            "lists.total",
            "all shared lists, upload to committed",
            total,
            "ms",
        )
        .below(10_000.0),
    );
    Ok(all)
}
