import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { SnapshotsSearch } from "./search.ts";

export const snapshotsRoute = createRoute({
	getParentRoute: () => framed,
	path: "/snapshots",
	validateSearch: SnapshotsSearch,
	staticData: {
		needs: "backups:read",
		menu: { section: "Configurations", at: 3, label: "Snapshots", icon: "camera", key: "n" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
