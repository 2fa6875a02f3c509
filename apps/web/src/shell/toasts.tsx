import { Notifications } from "@mantine/notifications";

/** Where short messages appear, on every page. */
export function Toasts() {
	return <Notifications position="bottom-right" />;
}
