// Permissions: the interface definitions of the Working Draft of 2024-12-17, typed from the text, without the parts of
// Navigator and WorkerNavigator.
// https://www.w3.org/TR/permissions/

[Exposed=(Window, Worker)]
interface Permissions {
  Promise<PermissionStatus> query(object permissionDesc);
};

dictionary PermissionDescriptor {
  required DOMString name;
};

[Exposed=(Window, Worker)]
interface PermissionStatus : EventTarget {
  readonly attribute PermissionState state;
  readonly attribute DOMString name;
  attribute EventHandler onchange;
};

enum PermissionState {
  "granted",
  "denied",
  "prompt",
};
