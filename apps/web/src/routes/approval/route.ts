import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { ApprovalSearch } from "./search.ts";

export const approvalRoute = createRoute({
	getParentRoute: () => framed,
	path: "/approvals/$id",
	validateSearch: ApprovalSearch,
	staticData: { needs: "approvals:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
