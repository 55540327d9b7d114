//! `examples/quickstart` end to end: a cluster, its secrets, Argo CD, an app of apps and a tenant in one apply; and
//! what becomes of it when something dies on the way. Each test makes as few clusters as it can.

mod audit;
mod command;
mod kills;
mod knobs;
mod life;
mod losses;
mod order;
mod stage;

pub use command::shows_it;
pub use kills::survives_kills;
pub use life::lives_and_dies;
pub use losses::survives_interrupts_and_losses;
pub use order::is_judged as a_wrong_order_is_noticed;
