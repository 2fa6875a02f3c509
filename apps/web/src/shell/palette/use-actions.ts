import { useMantineColorScheme } from "@mantine/core";
import { useRouter } from "@tanstack/react-router";
import { usePermitted } from "../../api/context.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { useDensity } from "../density.ts";
import { runKey } from "../keys.ts";
import { useSignOut } from "../use-sign-out.ts";
import type { Entry } from "./entry.ts";

/** What can be done from anywhere, as far as the role may. */
export function useActions(addDevice: () => void): Entry[] {
	const permitted = usePermitted();
	const { buildLocation } = useRouter();
	const { backUp, test } = useStartRuns();
	const { colorScheme, setColorScheme } = useMantineColorScheme();
	const [density, setDensity] = useDensity();
	const signOut = useSignOut();
	const actions: (Entry & { may?: boolean })[] = [
		{
			id: "back up all",
			label: "Back up all devices",
			icon: "history",
			may: permitted("backups:run"),
			run: () => backUp.mutate({ all: true }),
		},
		{
			id: "test all",
			label: "Test all devices",
			icon: "pulse",
			may: permitted("devices:test"),
			run: () => test.mutate({ all: true }),
		},
		{ id: "add", label: "Add a device", icon: "plus", may: permitted("devices:write"), run: addDevice },
		{
			id: "import",
			label: "Import devices from CSV",
			icon: "upload",
			may: permitted("devices:write"),
			href: buildLocation({ to: "/devices/import" }).href,
		},
		{
			id: "guide",
			label: "First steps",
			icon: "star",
			may: permitted("devices:read") && permitted("backups:read"),
			href: buildLocation({ to: "/", search: { guide: true } }).href,
		},
		...(["light", "dark", "auto"] as const)
			.filter((scheme) => scheme !== colorScheme)
			.map((scheme) => ({
				id: `colours ${scheme}`,
				label: scheme === "auto" ? "Colours as the system has them" : `${scheme === "dark" ? "Dark" : "Light"} colours`,
				icon: "settings" as const,
				run: () => setColorScheme(scheme),
			})),
		{
			id: "density",
			label: density === "compact" ? "Comfortable rows" : "Compact rows",
			icon: "list",
			run: () => setDensity(density === "compact" ? "comfortable" : "compact"),
		},
		{ id: "keys", label: "List of keys", icon: "question", run: () => runKey("?") },
		{
			id: "password",
			label: "Change password",
			icon: "lock",
			href: buildLocation({ to: "/change-password" }).href,
		},
		{
			id: "api",
			label: "API docs",
			icon: "book",
			run: () => void window.open("/api/docs/", "_blank", "noreferrer"),
		},
		{ id: "sign out", label: "Sign out", icon: "external", run: () => void signOut() },
	];
	return actions.filter(({ may }) => may !== false);
}
