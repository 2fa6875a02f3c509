import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { ApprovalsSearch } from "./search.ts";
import { WaitingForMe } from "./waiting-for-me.tsx";

export const approvalsRoute = createRoute({
	getParentRoute: () => framed,
	path: "/approvals",
	validateSearch: ApprovalsSearch,
	staticData: {
		needs: "approvals:read",
		menu: { section: "Change", at: 4, label: "Approvals", icon: "shield", key: "o", beside: WaitingForMe },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
