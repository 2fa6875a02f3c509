import { type ChangeKind, type DashboardNews, dashboardTopic } from "@netconductor/contracts/realtime/messages";
import type { Ephemeral } from "./ephemeral.ts";

/**
 * Tells open pages that something of these kinds is different, so that they read it again; to be called after the commit. Operations that change
 * something need not: their audit records tell. Where it is lost, a page is behind until it reads again.
 */
export function announceChange(ephemeral: Pick<Ephemeral, "publish">, what: ChangeKind, id = ""): void {
	announceChanges(ephemeral, [{ what, id }]);
}

/** The same of several kinds, at most 40. */
export function announceChanges(ephemeral: Pick<Ephemeral, "publish">, changed: DashboardNews["changed"]): void {
	ephemeral.publish(dashboardTopic, { changed } satisfies DashboardNews).catch(() => {});
}
