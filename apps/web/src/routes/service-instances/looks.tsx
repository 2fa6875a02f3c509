import type { InstanceState as State_ } from "@netconductor/contracts/config/instances";
import { type Look, State } from "../../ui/state.tsx";

export const instanceLooks: Readonly<Record<State_, Look & { means: string }>> = {
	deployed: { tone: "good", icon: "ok", word: "Deployed", means: "It stands on its device as its lines say." },
	failed: {
		tone: "bad",
		icon: "cross",
		word: "Failed",
		means: "The last change of it did not come about; what stood there before stands there still.",
	},
	unknown: {
		tone: "warn",
		icon: "question",
		word: "Unknown",
		means: "Nobody knows what stands on the device. Look at it, and decide on the run's page.",
	},
};

/** What is known of a service on a device, as icon and word. */
export function InstanceState({ state }: { state: State_ }) {
	const { tone, icon, word } = instanceLooks[state];
	return <State tone={tone} icon={icon} word={word} />;
}
