import { Center, Loader } from "@mantine/core";
import { createRouter } from "@tanstack/react-router";
import { aboutRoute } from "./routes/about/route.ts";
import { addSecondFactorRoute } from "./routes/add-second-factor/route.ts";
import { approvalRoute } from "./routes/approval/route.ts";
import { approvalPoliciesRoute } from "./routes/approval-policies/route.ts";
import { approvalsRoute } from "./routes/approvals/route.ts";
import { auditRoute } from "./routes/audit/route.ts";
import { coverageRoute } from "./routes/backup-coverage/route.ts";
import { backupsRoute } from "./routes/backups/route.ts";
import { changePasswordRoute } from "./routes/change-password/route.ts";
import { compareRoute } from "./routes/compare/route.ts";
import { credentialsRoute } from "./routes/credentials/route.ts";
import { deviceRoute } from "./routes/device/route.ts";
import { deviceImportRoute } from "./routes/device-import/route.ts";
import { deviceTypeRoute } from "./routes/device-type/route.ts";
import { addDeviceTypeRoute } from "./routes/device-type-editor/add-route.ts";
import { editDeviceTypeRoute } from "./routes/device-type-editor/edit-route.ts";
import { deviceTypesRoute } from "./routes/device-types/route.ts";
import { devicesRoute } from "./routes/devices/route.ts";
import { groupRoute } from "./routes/group/route.ts";
import { groupsRoute } from "./routes/groups/route.ts";
import { homeRoute } from "./routes/home/route.ts";
import { loginRoute } from "./routes/login/route.ts";
import { mopRoute } from "./routes/mop/route.ts";
import { newMopRoute } from "./routes/mop-new/route.ts";
import { mopsRoute } from "./routes/mops/route.ts";
import { oneScheduleRoute } from "./routes/one-schedule/route.ts";
import { rolesRoute } from "./routes/roles/route.ts";
import { framed, root, signedIn } from "./routes/root.tsx";
import { runRoute } from "./routes/run/route.ts";
import { runsRoute } from "./routes/runs/route.ts";
import { scheduleRoute } from "./routes/schedule/route.ts";
import { schedulesRoute } from "./routes/schedules/route.ts";
import { searchRoute } from "./routes/search/route.ts";
import { secondFactorRoute } from "./routes/second-factor/route.ts";
import { serviceAccountRoute } from "./routes/service-account/route.ts";
import { serviceAccountsRoute } from "./routes/service-accounts/route.ts";
import { serviceInstancesRoute } from "./routes/service-instances/route.ts";
import { sessionsRoute } from "./routes/sessions/route.ts";
import { settingsRoute } from "./routes/settings/route.ts";
import { signInCallbackRoute } from "./routes/sign-in-callback/route.ts";
import { signInDoneRoute } from "./routes/sign-in-done/route.ts";
import { signInMethodsRoute } from "./routes/sign-in-methods/route.ts";
import { snapshotRoute } from "./routes/snapshot/route.ts";
import { snapshotCompareRoute } from "./routes/snapshot-compare/route.ts";
import { snapshotsRoute } from "./routes/snapshots/route.ts";
import { stackRoute } from "./routes/stack/route.ts";
import { stackTemplateRoute } from "./routes/stack-template/route.ts";
import { stackTemplatesRoute } from "./routes/stack-templates/route.ts";
import { stacksRoute } from "./routes/stacks/route.ts";
import { stepTypesRoute } from "./routes/step-types/route.ts";
import { templateRoute } from "./routes/template/route.ts";
import { templatesRoute } from "./routes/templates/route.ts";
import { tokensRoute } from "./routes/tokens/route.ts";
import { userRoute } from "./routes/user/route.ts";
import { usersRoute } from "./routes/users/route.ts";
import { workersRoute } from "./routes/workers/route.ts";
import { FailedPage, MissingPage } from "./shell/failed-page.tsx";

const routeTree = root.addChildren([
	loginRoute,
	signInCallbackRoute,
	signInDoneRoute,
	signedIn.addChildren([
		changePasswordRoute,
		addSecondFactorRoute,
		framed.addChildren([
			homeRoute,
			devicesRoute,
			deviceImportRoute,
			deviceRoute,
			groupsRoute,
			groupRoute,
			backupsRoute,
			compareRoute,
			snapshotsRoute,
			snapshotRoute,
			snapshotCompareRoute,
			scheduleRoute,
			schedulesRoute,
			oneScheduleRoute,
			coverageRoute,
			templatesRoute,
			templateRoute,
			stacksRoute,
			stackRoute,
			stackTemplatesRoute,
			stackTemplateRoute,
			serviceInstancesRoute,
			mopsRoute,
			newMopRoute,
			mopRoute,
			stepTypesRoute,
			approvalsRoute,
			approvalPoliciesRoute,
			approvalRoute,
			aboutRoute,
			searchRoute,
			runsRoute,
			runRoute,
			workersRoute,
			credentialsRoute,
			deviceTypesRoute,
			deviceTypeRoute,
			addDeviceTypeRoute,
			editDeviceTypeRoute,
			serviceAccountsRoute,
			serviceAccountRoute,
			usersRoute,
			userRoute,
			rolesRoute,
			signInMethodsRoute,
			sessionsRoute,
			tokensRoute,
			secondFactorRoute,
			auditRoute,
			settingsRoute,
		]),
	]),
]);

/** All pages; the code of each is loaded when it is first opened. A page is a folder of `routes` and a line above. */
export function createAppRouter(context: Parameters<typeof createRouter<typeof routeTree>>[0]["context"]) {
	return createRouter({
		routeTree,
		context,
		defaultPreload: "intent",
		scrollRestoration: true,
		defaultErrorComponent: FailedPage,
		defaultNotFoundComponent: MissingPage,
		defaultPendingComponent: () => (
			<Center p="xl">
				<Loader role="status" aria-label="Loading" />
			</Center>
		),
	});
}

declare module "@tanstack/react-router" {
	interface Register {
		router: ReturnType<typeof createAppRouter>;
	}
}
