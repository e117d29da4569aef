//! Code lists as rows. The words of the forms are the codes; a withdrawn one names its successor or none.

use super::Code;

const fn c(code: &'static str) -> Code {
    Code {
        code,
        since: 1,
        until: None,
        successor: None,
    }
}

pub const SEX: &[Code] = &[c("男"), c("女")];
pub const YES_NO: &[Code] = &[c("是"), c("否")];
pub const LIFE_STATUS: &[Code] = &[c("living"), c("died"), c("moved_out"), c("not_found")];
pub const ENROLMENT_STATUS: &[Code] = &[c("active"), c("suspended"), c("ended")];
pub const REGISTRATION: &[Code] = &[
    c("农业"),
    c("非农业"),
    c("居民户口"),
    c("未落常住户口"),
    c("其他"),
];
pub const LIVING: &[Code] = &[
    c("独居"),
    c("仅与配偶同住"),
    c("与子女同住"),
    c("与亲属同住"),
    c("与照料人同住"),
    c("养老机构"),
    c("住院"),
    c("留守"),
    c("其他"),
];
pub const SELF_CARE: &[Code] = &[
    c("能力完好"),
    c("轻度失能"),
    c("中度失能"),
    c("重度失能"),
    c("完全失能"),
];
pub const NEEDS: &[Code] = &[
    c("送餐"),
    c("助浴"),
    c("保洁"),
    c("陪诊"),
    c("代购"),
    c("轮椅"),
    c("拐杖"),
    c("助听器"),
    c("护理床"),
    c("无障碍改造"),
    c("心理关爱"),
    c("康复训练"),
    c("就业帮扶"),
    c("就学帮扶"),
    c("法律援助"),
    c("住房修缮"),
    c("临时救助"),
    c("其他"),
];
pub const RELATIONS: &[Code] = &[
    c("户主"),
    c("配偶"),
    c("子"),
    c("女"),
    c("儿媳"),
    c("女婿"),
    c("孙子女"),
    c("父母"),
    c("岳父母公婆"),
    c("祖父母"),
    c("兄弟姐妹"),
    c("其他"),
];
pub const DISABILITY: &[Code] = &[
    c("视力"),
    c("听力"),
    c("言语"),
    c("肢体"),
    c("智力"),
    c("精神"),
    c("多重"),
];
pub const DISABILITY_GRADE: &[Code] = &[c("一级"), c("二级"), c("三级"), c("四级")];
pub const LOW_INCOME_KIND: &[Code] = &[c("A类"), c("B类"), c("C类"), c("全额"), c("差额")];
pub const SUPPORT_KIND: &[Code] = &[c("集中供养"), c("分散供养")];
pub const ALLOWANCE_BANDS: &[Code] = &[c("70-79"), c("80-89"), c("90-99"), c("100+")];
/// GB/T 3304, the 56 ethnic groups and the two rows for others.
pub const ETHNICITIES: &[Code] = &[
    c("汉"),
    c("蒙古"),
    c("回"),
    c("藏"),
    c("维吾尔"),
    c("苗"),
    c("彝"),
    c("壮"),
    c("布依"),
    c("朝鲜"),
    c("满"),
    c("侗"),
    c("瑶"),
    c("白"),
    c("土家"),
    c("哈尼"),
    c("哈萨克"),
    c("傣"),
    c("黎"),
    c("傈僳"),
    c("佤"),
    c("畲"),
    c("高山"),
    c("拉祜"),
    c("水"),
    c("东乡"),
    c("纳西"),
    c("景颇"),
    c("柯尔克孜"),
    c("土"),
    c("达斡尔"),
    c("仫佬"),
    c("羌"),
    c("布朗"),
    c("撒拉"),
    c("毛南"),
    c("仡佬"),
    c("锡伯"),
    c("阿昌"),
    c("普米"),
    c("塔吉克"),
    c("怒"),
    c("乌孜别克"),
    c("俄罗斯"),
    c("鄂温克"),
    c("德昂"),
    c("保安"),
    c("裕固"),
    c("京"),
    c("塔塔尔"),
    c("独龙"),
    c("鄂伦春"),
    c("赫哲"),
    c("门巴"),
    c("珞巴"),
    c("基诺"),
    c("其他"),
    c("外国血统"),
];
