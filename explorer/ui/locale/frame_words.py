"""Frame words: what Streamlit’s browser side says by itself, in few places, in the reader’s language.

Nobody but the browser knows when it says them, so a script of the page puts them in: where they are what a control is
called, and as text in the places that are Streamlit’s own. It looks on only while the page is in another language than
English, and puts the English back when the reader goes back to it.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

WAY = "frame-words"  # where the script gets them
CHINESE = {
    # controls
    "Help": "说明",
    "Help for {label}": "{label}：说明",
    "Open": "打开",
    "Close": "关闭",
    "Dismiss": "关闭",
    "Clear value": "清除",
    "Clear entry": "清除",
    "Clear all": "全部清除",
    "Select all": "全选",
    "Select {n} matches": "选择匹配的 {n} 项",
    "Selected values": "已选的项",
    "Remove {name}": "移除 {name}",
    "Selectbox options": "选项",
    "Multiselect options": "选项",
    "Increment": "增大",
    "Decrement": "减小",
    "Link to heading": "标题的链接",
    "Copy to clipboard": "复制",
    "Copied": "已复制",
    "App pages": "页面",
    "Sidebar": "侧边栏",
    "Main menu": "主菜单",
    "Notifications": "通知",
    "Expand sidebar": "展开侧边栏",
    "Collapse sidebar": "收起侧边栏",
    "Navigate to home page": "回到开始页",
    "Skip to main content": "跳到主要内容",
    "Fullscreen": "全屏",
    "Close fullscreen": "退出全屏",
    "Toolbar action": "工具",
    "Scroll tabs left": "向左滚动",
    "Scroll tabs right": "向右滚动",
    "Show data": "显示数据",
    "Show chart": "显示图",
    "Download as PNG": "保存为 PNG",
    "visualization": "图表",
    "Title text '{text}'": "标题“{text}”",
    "Send message": "发送",
    "Add row": "添加一行",
    "Show/hide columns": "显示或隐藏列",
    "Download as CSV": "下载 CSV",
    "Copy Vega-Lite spec": "复制 Vega-Lite 描述",
    "file upload": "上传文件",
    # fields
    "Choose an option": "请选择",
    "Choose options": "请选择",
    "Choose or add an option": "请选择或输入",
    "Choose or add options": "请选择或输入",
    "Add an option": "请输入",
    "Add options": "请输入",
    "No options to select": "没有可选的项",
    "No options to select.": "没有可选的项。",
    "No results": "没有匹配的项",
    "Press Enter to apply": "按回车键生效",
    "Press Ctrl+Enter to apply": "按 Ctrl+回车键生效",
    "Press ⌘+Enter to apply": "按 ⌘+回车键生效",
    "Press Enter to submit form": "按回车键提交",
    "Press Ctrl+Enter to submit form": "按 Ctrl+回车键提交",
    "Press ⌘+Enter to submit form": "按 ⌘+回车键提交",
    "Number is below the allowed range. Please enter a value greater than or equal to {least}.": (
        "这个数太小，请输入不小于 {least} 的数。"
    ),
    "Number is above the allowed range. Please enter a value less than or equal to {most}.": (
        "这个数太大，请输入不大于 {most} 的数。"
    ),
    "Number is outside the allowed range. Please enter a value between {least} and {most}.": (
        "这个数超出范围，请输入 {least} 到 {most} 之间的数。"
    ),
    "Number is below the allowed range.": "这个数太小。",
    "Number is above the allowed range.": "这个数太大。",
    "You can only select up to {n} option. Remove an option first.": "最多选 {n} 项，请先去掉一项。",
    "You can only select up to {n} options. Remove an option first.": "最多选 {n} 项，请先去掉一项。",
    "Upload": "上传",
    "Add files": "添加文件",
    "Drag and drop a file here": "把文件拖到这里",
    "Drag and drop files here": "把文件拖到这里",
    "{size} per file": "每个文件最大 {size}",
    "File must be {size} or smaller.": "文件不能大于 {size}。",
    "{kind} files are not allowed.": "不接受 {kind} 文件。",
    "Only one file is allowed.": "只能上传一个文件。",
    "File size is too small.": "文件太小。",
    "Unexpected error. Please try again.": "出错了，请再试一次。",
    # what goes on
    "({seconds} seconds)": "（{seconds} 秒）",
    "view more": "展开",
    "view less": "收起",
    "View less": "收起",
    "View {n} more": "再显示 {n} 项",
    "Running...": "正在运行……",
    "Stopping...": "正在停止……",
    "Stop": "停止",
    "Connecting": "正在连接",
    "Connecting to Streamlit server": "正在连接服务器",
    "Unable to connect to Streamlit server": "无法连接服务器",
    "Reconnected to server.": "已重新连接服务器。",
    "Connection error": "连接出错",
    "Connection timed out.": "连接超时。",
    "Streamlit server is not responding. Are you connected to the internet?": "服务器没有回应。网络是否正常？",
    "Error": "出错",
    "Try again": "再试一次",
    "Retry": "重试",
    # the menu
    "Theme": "主题",
    "System": "跟随系统",
    "Use system setting": "跟随系统",
    "Light": "浅色",
    "Dark": "深色",
    "Rerun": "重新绘制",
    "Auto rerun": "自动重新绘制",
    "Clear cache": "清除缓存",
    "Print": "打印",
    "Record screen": "录制屏幕",
}
SCRIPT = Path(__file__).with_name("frame_words.js").read_text("utf-8")


def answer(request: Request) -> Response:
    """All of them, by their English."""
    return JSONResponse(CHINESE)
