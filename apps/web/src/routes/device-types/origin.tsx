import { State } from "../../ui/state.tsx";

/** Whether a device type came with the product or was made here. */
export function Origin({ built_in }: { built_in: boolean }) {
	return built_in ? <State tone="calm" icon="lock" word="Built in" /> : <State tone="busy" icon="edit" word="Custom" />;
}
