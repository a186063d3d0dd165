// Every word of the page, in both languages.
export const WORDS = {
  en: {
    title: "Set up a camera",
    tool_zone: "Zone", tool_line: "Line", tool_mask: "Privacy mask", tool_ground: "Ground point", tool_move: "Move",
    undo: "Undo", close_zone: "Close the area",
    hint_zone: "Click the corners of the zone in order; click the first one again to close it.",
    hint_mask: "Click the corners of what nobody is to see: windows, gardens, doors. It is black in every picture.",
    hint_line: "Click where the line begins and where it ends. The arrow shows the forward direction.",
    hint_ground: "Click points on the ground whose place you know: corners of markings, manhole covers, kerbs.",
    hint_move: "Drag corners; click a shape to choose it; Delete removes what is chosen.",
    no_picture: "The camera gives no picture. Test it on the right; the finding says what to do.",
    panel_zones: "Zones", panel_lines: "Lines", panel_masks: "Privacy masks", panel_ground: "Ground (calibration)",
    panel_identity: "Box and hub", panel_tests: "Tests", panel_write: "Write the configuration",
    no_zones: "None yet: choose Zone above the picture.", no_lines: "None yet: choose Line above the picture.",
    no_masks: "None yet: choose Privacy mask above the picture.",
    no_pairs: "None yet: choose Ground point above the picture.",
    ground_hint: "Four points or more, far apart, no three in a line. With five you see how good they are.",
    datum: "Places are given", datum_wgs84: "WGS 84 (GPS)", datum_gcj02: "GCJ-02 (Amap, Tencent)",
    datum_metres: "metres from the camera", camera_place: "Camera's place, WGS 84 (lon, lat)",
    lon: "longitude", lat: "latitude", east: "metres east", north: "metres north",
    fit_needs: "Points with a place: {n}. Four are needed.",
    fit_good: "Error {rms} m on the ground; worst point {worst} m ({px} px). Cells of {step} m.",
    fit_exact: "Four points always fit exactly: give a fifth to see how good they are. Cells of {step} m.",
    plan_title: "Seen from above: given places (filled) and where the clicks land (rings)",
    identity_hint: "Only for a new configuration. After enrolment these are there already.",
    district: "District", site: "Street or site", box: "Id of the box",
    hub_host: "Hub (MQTT broker)", hub_port: "Port",
    test_camera: "Take a new picture", test_model: "Test the model", test_hub: "Test the hub",
    testing: "testing…", verdict_ok: "works", verdict_warn: "works, but", verdict_fail: "does not work", verdict_skip: "not tested",
    new_file: "{file} does not exist yet and will be written.",
    old_file: "{file} exists. This is what would change:",
    no_change: "Nothing would change.",
    replace: "I have seen the changes and want them.",
    write: "Write", finish: "Done, close this page",
    written: "Written: {file}", finished: "You can close this page. The terminal says what to do next.",
    lost: "The command in the terminal does not answer any more.",
    name: "name", dwell: "stay from", seconds: "s", remove: "Remove", kind: "kind",
    kind_zone: "zone", kind_no_parking: "no parking", kind_fire_lane: "fire lane", kind_road: "road",
    kind_sidewalk: "sidewalk", kind_square: "square", kind_platform: "platform", kind_bridge: "bridge",
    kind_park: "park", kind_no_vending: "no vending", kind_bike_parking: "bicycle parking",
    kind_bus_stop: "bus stop", kind_bin_area: "bin area", kind_loitering: "no loitering",
  },
  zh: {
    title: "摄像机设置",
    tool_zone: "区域", tool_line: "计数线", tool_mask: "隐私遮挡", tool_ground: "地面点", tool_move: "移动",
    undo: "撤销", close_zone: "闭合图形",
    hint_zone: "依次点击区域的各个角点；再次点击第一个角点即可闭合。",
    hint_mask: "依次点击不得被看到的部分的角点：窗户、院落、门口。所有图片中该部分均为黑色。",
    hint_line: "点击计数线的起点和终点，箭头表示正向。",
    hint_ground: "点击已知位置的地面点：标线转角、井盖、路缘石。",
    hint_move: "拖动角点；点击图形即可选中；按 Delete 键删除所选图形。",
    no_picture: "摄像机没有画面。请在右侧测试，结果会说明如何处理。",
    panel_zones: "区域", panel_lines: "计数线", panel_masks: "隐私遮挡", panel_ground: "地面标定",
    panel_identity: "边缘盒与消息中心", panel_tests: "测试", panel_write: "写入配置",
    no_zones: "尚无区域：请在画面上方选择“区域”。", no_lines: "尚无计数线：请在画面上方选择“计数线”。",
    no_masks: "尚无遮挡：请在画面上方选择“隐私遮挡”。",
    no_pairs: "尚无地面点：请在画面上方选择“地面点”。",
    ground_hint: "至少四个点，彼此相距要远，任意三点不共线。第五个点可以看出标定的好坏。",
    datum: "坐标类型", datum_wgs84: "WGS 84（GPS）", datum_gcj02: "GCJ-02（高德、腾讯地图）",
    datum_metres: "距摄像机的米数", camera_place: "摄像机位置，WGS 84（经度, 纬度）",
    lon: "经度", lat: "纬度", east: "向东（米）", north: "向北（米）",
    fit_needs: "已有位置的点：{n} 个，至少需要四个。",
    fit_good: "地面误差 {rms} 米；最差的点 {worst} 米（{px} 像素）。网格边长 {step} 米。",
    fit_exact: "四个点总是完全吻合：请再加第五个点以检验误差。网格边长 {step} 米。",
    plan_title: "俯视图：给定位置（实心）与点击位置的投影（圆环）",
    identity_hint: "仅用于新配置；注册之后这些内容已经存在。",
    district: "行政区", site: "街道或站点", box: "边缘盒编号",
    hub_host: "消息中心（MQTT）", hub_port: "端口",
    test_camera: "重新取一帧画面", test_model: "测试模型", test_hub: "测试消息中心",
    testing: "正在测试…", verdict_ok: "正常", verdict_warn: "可用，但请注意", verdict_fail: "不可用", verdict_skip: "未测试",
    new_file: "{file} 尚不存在，将新建。",
    old_file: "{file} 已存在，将有以下改动：",
    no_change: "没有改动。",
    replace: "我已查看改动并同意写入。",
    write: "写入", finish: "完成，关闭本页",
    written: "已写入：{file}", finished: "可以关闭本页。下一步请看终端。",
    lost: "终端中的命令已不再响应。",
    name: "名称", dwell: "停留起报", seconds: "秒", remove: "删除", kind: "类型",
    kind_zone: "一般区域", kind_no_parking: "禁停区", kind_fire_lane: "消防通道", kind_road: "车行道",
    kind_sidewalk: "人行道", kind_square: "广场", kind_platform: "站台", kind_bridge: "桥梁",
    kind_park: "公园", kind_no_vending: "禁止摆摊区", kind_bike_parking: "非机动车停放区",
    kind_bus_stop: "公交站", kind_bin_area: "垃圾投放点", kind_loitering: "禁止逗留区",
  },
};

export const KINDS = Object.keys(WORDS.en).filter((key) => key.startsWith("kind_")).map((key) => key.slice(5));

let language = "en";

export function chooseLanguage(wanted) {
  language = wanted in WORDS ? wanted : "en";
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const name of Object.keys(WORDS)) {
    document.getElementById(`language-${name}`).setAttribute("aria-pressed", String(name === language));
  }
}

export function speaking() {
  return language;
}

export function word(name, values = {}) {
  const text = WORDS[language][name] ?? WORDS.en[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}
