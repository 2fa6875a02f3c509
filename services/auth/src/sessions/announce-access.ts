import { type AccessChange, accessTopic } from "@netconductor/contracts/auth/access";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";

/**
 * Tells every process that remembers what somebody may do to ask again; to be called after the commit. Where it is lost, what was remembered holds for
 * the five seconds that it is remembered for.
 */
export function announceAccess(ephemeral: Pick<Ephemeral, "publish">, change: AccessChange): void {
	ephemeral.publish(accessTopic, change).catch(() => {});
}
