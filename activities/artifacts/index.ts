export { keepFolder, newestChange, restoreFolder } from './archive.js';
export { folderWorkspace } from './folder.js';
export { openWorkspace, type WorkspaceOptions } from './open.js';
export { withLocalPaths } from './resolve.js';
export type { AttemptFolder, Content, Excerpt, Workspace } from './workspace.js';
